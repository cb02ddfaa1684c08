"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { accountApi } from "@/lib/account/account-api";
import styles from "./account.module.css";
import { Confirm } from "./confirm";
import { Problem } from "./problem";
import { useAsking } from "./use-asking";

/** Signing out, and having everything of oneself deleted. */
export function Leaving({ onLeft }: { onLeft(): void }) {
  const { t } = useI18n();
  const [sure, setSure] = useState(false);
  const { busy, failure, run } = useAsking();
  const leave = async (action: () => Promise<void>): Promise<void> => {
    const left = await run(action);
    setSure(false);
    if (left) onLeft();
  };
  return (
    <section className={styles.panel} aria-labelledby="leaving">
      <h2 id="leaving">{t("account.leaving")}</h2>
      <div className={styles.actions}>
        <Button disabled={busy} data-testid="sign-out" onClick={() => void leave(accountApi.signOut)}>
          {t("account.signOut")}
        </Button>
        <Button look="quiet" data-testid="delete-account" onClick={() => setSure(true)}>
          {t("account.delete")}
        </Button>
      </div>
      <Problem code={failure} />
      {sure && (
        <Confirm
          title={t("account.deleteTitle")}
          text={t("account.deleteText")}
          action={t("account.delete")}
          busy={busy}
          onConfirm={() => void leave(accountApi.remove)}
          onClose={() => setSure(false)}
        />
      )}
    </section>
  );
}
