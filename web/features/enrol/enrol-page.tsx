"use client";

import { useCallback, useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { SiteHeader } from "@/components/ui/site-header";
import { Problem } from "@/features/account/problem";
import { SignIn } from "@/features/account/sign-in";
import { useAsking } from "@/features/account/use-asking";
import { useI18n } from "@/i18n";
import { accountApi, type Entrance } from "@/lib/account/account-api";
import type { Wish } from "@/lib/enrolment/enrolment-api";
import { Agreement } from "./agreement";
import styles from "./enrol.module.css";
import { Studio } from "./studio";

/** `/enrol/`: somebody reads what they agree to, and shows their face live to a face worker. */
export function EnrolPage() {
  const { t } = useI18n();
  const [entrance, setEntrance] = useState<Entrance | null>(null);
  const { failure, run } = useAsking();
  const look = useCallback(() => {
    void run(async () => setEntrance(await accountApi.entrance()));
  }, [run]);
  useEffect(look, [look]);
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
        {entrance !== null && entrance.account === null && (
          <>
            <Intro text={t("enrol.signIn")} />
            <SignIn entrance={entrance} onSignedIn={look} />
          </>
        )}
        {entrance !== null && entrance.account !== null && <Enrolling />}
      </main>
    </>
  );
}

function Intro({ text }: { text: string }) {
  const { t } = useI18n();
  return (
    <div className={styles.intro}>
      <h1>{t("enrol.title")}</h1>
      <p>{text}</p>
    </div>
  );
}

/** First the agreement, then the camera; what was agreed to is kept for another try. */
function Enrolling() {
  const { t } = useI18n();
  const [wish, setWish] = useState<Wish | null>(null);
  if (wish !== null) return <Studio wish={wish} onBack={() => setWish(null)} />;
  return (
    <>
      <Intro text={t("enrol.lead")} />
      <Agreement onAgreed={setWish} />
    </>
  );
}
