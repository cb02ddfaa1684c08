"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { SiteHeader } from "@/components/ui/site-header";
import { Problem } from "@/features/account/problem";
import { SignIn } from "@/features/account/sign-in";
import { useAsking } from "@/features/account/use-asking";
import { useI18n } from "@/i18n";
import { accountApi, type Entrance } from "@/lib/account/account-api";
import type { Wish } from "@/lib/enrolment/enrolment-api";
import { type Licence, licenceApi, takeLicence } from "@/lib/enrolment/licence-api";
import { Agreement } from "./agreement";
import styles from "./enrol.module.css";
import { Enter } from "./enter";
import { Studio } from "./studio";

interface Lending {
  token: string;
  licence: Licence;
}

/**
 * `/enrol/`: somebody reads what they agree to, and shows their face live to a face worker. With `#lend=TOKEN` they lend
 * it to whoever sent the link.
 */
export function EnrolPage() {
  const { t } = useI18n();
  const token = useRef<string | null>(null);
  const [entrance, setEntrance] = useState<Entrance | null>(null);
  const [lending, setLending] = useState<Lending | null>(null);
  const { failure, run } = useAsking();
  const look = useCallback(() => {
    void run(async () => {
      setEntrance(null);
      const seen = await accountApi.entrance();
      const brought = token.current;
      if (brought !== null) setLending({ token: brought, licence: await licenceApi.open(brought) });
      setEntrance(seen);
    });
  }, [run]);
  useEffect(() => {
    const take = (): boolean => {
      const brought = takeLicence(window);
      token.current = brought ?? token.current;
      return brought !== null;
    };
    const another = (): void => {
      if (take()) look();
    };
    take();
    look();
    window.addEventListener("hashchange", another);
    return () => window.removeEventListener("hashchange", another);
  }, [look]);
  const signedOut = entrance !== null && entrance.account === null;
  return (
    <>
      <SiteHeader />
      <main className={styles.main} aria-busy={entrance === null && failure === null}>
        {failure !== null && (
          <div>
            <Problem code={failure} />
            <Button onClick={look}>{t("lobby.tryAgain")}</Button>
          </div>
        )}
        {signedOut && (
          <>
            <Intro lending={lending} />
            {lending !== null && <Asked lending={lending} />}
            {lending?.licence.taken === false && <Enter token={lending.token} onEntered={look} />}
            <p>{t(lending === null ? "enrol.signIn" : "enrol.signInToLend")}</p>
            <SignIn entrance={entrance} onSignedIn={look} />
          </>
        )}
        {entrance !== null && !signedOut && <Enrolling lending={lending} />}
      </main>
    </>
  );
}

function Intro({ lending }: { lending: Lending | null }) {
  const { t } = useI18n();
  return (
    <div className={styles.intro}>
      <h1>
        {lending === null ? t("enrol.title") : t("enrol.lendTitle", { licensee: lending.licence.licensee })}
      </h1>
      <p>{t(lending === null ? "enrol.lead" : "enrol.lendLead")}</p>
    </div>
  );
}

/** What would be agreed to, before anybody signs in for it. */
function Asked({ lending }: { lending: Lending }) {
  const { language } = useI18n();
  return (
    <blockquote className={styles.statement} data-testid="statement">
      {lending.licence.statement[language]}
    </blockquote>
  );
}

/** First the agreement, then the camera; what was agreed to is kept for another try. */
function Enrolling({ lending }: { lending: Lending | null }) {
  const [wish, setWish] = useState<Wish | null>(null);
  if (wish !== null) return <Studio wish={wish} onBack={() => setWish(null)} />;
  return (
    <>
      <Intro lending={lending} />
      <Agreement lending={lending} onAgreed={setWish} />
    </>
  );
}
