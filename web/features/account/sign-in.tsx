"use client";

import { type FormEvent, useEffect, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/text-field";
import { useI18n } from "@/i18n";
import { accountApi, type Entrance, PROVIDER } from "@/lib/account/account-api";
import { takeFragment } from "@/lib/account/invitation";
import { browserHasPasskeys, makePasskey, signInWithPasskey } from "@/lib/account/passkeys";
import styles from "./account.module.css";
import { Problem } from "./problem";
import { useAsking } from "./use-asking";

/** With a passkey, with an invitation, or, where that is allowed, as somebody new. */
export function SignIn({ entrance, onSignedIn }: { entrance: Entrance; onSignedIn(): void }) {
  const { t } = useI18n();
  const { busy, failure, run } = useAsking();
  const { token, setToken, brought } = useFragment();
  const able = entrance.passkeys && browserHasPasskeys();
  const attempt = async (action: () => Promise<void>): Promise<void> => {
    if (await run(action)) onSignedIn();
  };
  return (
    <section className={styles.panel} aria-labelledby="sign-in">
      <h2 id="sign-in">{t("account.signIn")}</h2>
      {able ? (
        <Button
          look="primary"
          disabled={busy}
          data-testid="sign-in-passkey"
          onClick={() => void attempt(signInWithPasskey)}
        >
          {t("account.withPasskey")}
        </Button>
      ) : (
        <p data-testid="no-passkeys">{t("account.noPasskeys")}</p>
      )}
      {entrance.provider && (
        <a className={styles.away} href={PROVIDER} data-testid="sign-in-provider">
          {t("account.withProvider")}
        </a>
      )}
      <Problem code={failure ?? brought} />
      <Invitation
        token={token}
        setToken={setToken}
        busy={busy}
        onUse={(name) => attempt(() => accountApi.redeemInvitation(token.trim(), name))}
      />
      {able && entrance.registration === "open" && (
        <NewAccount busy={busy} onMake={(name) => attempt(() => makePasskey(name))} />
      )}
    </section>
  );
}

/** What the link brought. */
function useFragment(): { token: string; setToken(token: string): void; brought: string | null } {
  const [token, setToken] = useState("");
  const [brought, setBrought] = useState<string | null>(null);
  useEffect(() => {
    const take = (): void => {
      const taken = takeFragment(window);
      if (taken.token !== "") setToken(taken.token);
      if (taken.failure !== null) setBrought(taken.failure);
    };
    take();
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  return { token, setToken, brought };
}

function Invitation({
  token,
  setToken,
  busy,
  onUse,
}: {
  token: string;
  setToken(token: string): void;
  busy: boolean;
  onUse(name: string): Promise<void>;
}) {
  const { t } = useI18n();
  const [name, setName] = useState("");
  const heading = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void onUse(name);
  };
  return (
    <form className={styles.form} aria-labelledby={heading} onSubmit={submit}>
      <h3 id={heading}>{t("account.withInvitation")}</h3>
      <TextField
        label={t("account.invitation")}
        rule={t("account.invitationRule")}
        value={token}
        maxLength={256}
        data-testid="invitation"
        onText={setToken}
      />
      <TextField
        label={t("account.name")}
        rule={t("account.nameRule")}
        value={name}
        maxLength={256}
        data-testid="name"
        onText={setName}
      />
      <Button type="submit" disabled={busy || token.trim() === ""} data-testid="use-invitation">
        {t("account.useInvitation")}
      </Button>
    </form>
  );
}

function NewAccount({ busy, onMake }: { busy: boolean; onMake(name: string): Promise<void> }) {
  const { t } = useI18n();
  const [name, setName] = useState("");
  const heading = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void onMake(name);
  };
  return (
    <form className={styles.form} aria-labelledby={heading} onSubmit={submit}>
      <h3 id={heading}>{t("account.new")}</h3>
      <TextField
        label={t("account.name")}
        rule={t("account.nameRule")}
        value={name}
        maxLength={256}
        data-testid="new-name"
        onText={setName}
      />
      <Button type="submit" disabled={busy || name.trim() === ""} data-testid="new-account">
        {t("account.make")}
      </Button>
    </form>
  );
}
