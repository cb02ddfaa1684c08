"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/text-field";
import { useI18n } from "@/i18n";
import { accountApi } from "@/lib/account/account-api";
import styles from "./account.module.css";
import { Confirm } from "./confirm";
import { Problem } from "./problem";
import { useAsking } from "./use-asking";

/** A revocation handle takes a consent back, whoever brings it. */
export function RevokeByHandle() {
  const { t } = useI18n();
  const [handle, setHandle] = useState("");
  const [sure, setSure] = useState(false);
  const [done, setDone] = useState(false);
  const { busy, failure, run } = useAsking();
  const ask = (event: FormEvent): void => {
    event.preventDefault();
    setDone(false);
    setSure(true);
  };
  const revoke = async (): Promise<void> => {
    const revoked = await run(() => accountApi.revokeByHandle(handle.trim()));
    setSure(false);
    setDone(revoked);
    if (revoked) setHandle("");
  };
  return (
    <section className={styles.panel} aria-labelledby="by-handle">
      <h2 id="by-handle">{t("account.byHandle")}</h2>
      <p>{t("account.byHandleText")}</p>
      <form className={styles.form} onSubmit={ask}>
        <TextField
          label={t("account.handle")}
          rule={t("account.handleRule")}
          value={handle}
          maxLength={256}
          data-testid="handle"
          onText={setHandle}
        />
        <Button type="submit" disabled={busy || handle.trim() === ""} data-testid="revoke-handle">
          {t("account.revoke")}
        </Button>
      </form>
      <Problem code={failure} />
      <p role="status" data-testid={done ? "handle-revoked" : undefined}>
        {done && t("account.handleRevoked")}
      </p>
      {sure && (
        <Confirm
          title={t("account.byHandle")}
          text={t("account.revokeText")}
          action={t("account.revoke")}
          busy={busy}
          onConfirm={() => void revoke()}
          onClose={() => setSure(false)}
        />
      )}
    </section>
  );
}
