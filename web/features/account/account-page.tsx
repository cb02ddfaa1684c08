"use client";

import { useCallback, useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { SiteHeader } from "@/components/ui/site-header";
import { useI18n } from "@/i18n";
import { accountApi, type Entrance } from "@/lib/account/account-api";
import styles from "./account.module.css";
import { Borrow } from "./borrow";
import { Faces } from "./faces";
import { Leaving } from "./leaving";
import { Passkeys } from "./passkeys";
import { Problem } from "./problem";
import { RevokeByHandle } from "./revoke-by-handle";
import { SignIn } from "./sign-in";
import { useAsking } from "./use-asking";

/** `/account/`: signing in, one's passkeys, and the consents to faces that one gave or is named in. */
export function AccountPage() {
  const { t } = useI18n();
  const [entrance, setEntrance] = useState<Entrance | null>(null);
  const { failure, run } = useAsking();
  const look = useCallback(() => {
    void run(async () => setEntrance(await accountApi.entrance()));
  }, [run]);
  useEffect(look, [look]);
  const account = entrance?.account ?? null;
  return (
    <>
      <SiteHeader />
      <main className={styles.main} aria-busy={entrance === null && failure === null}>
        <div className={styles.intro}>
          <h1>{t("account.title")}</h1>
          <p>{account === null ? t("account.lead") : t("account.signedInAs", { name: account.name })}</p>
        </div>
        {failure !== null && (
          <div>
            <Problem code={failure} />
            <Button onClick={look}>{t("lobby.tryAgain")}</Button>
          </div>
        )}
        {entrance !== null && account === null && <SignIn entrance={entrance} onSignedIn={look} />}
        {entrance !== null && account !== null && (
          <>
            <Faces onSignedOut={look} />
            <Borrow />
            <Passkeys available={entrance.passkeys} />
          </>
        )}
        <RevokeByHandle />
        {account !== null && <Leaving onLeft={look} />}
      </main>
    </>
  );
}
