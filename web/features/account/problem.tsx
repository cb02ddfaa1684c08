"use client";

import { failureText, useI18n } from "@/i18n";
import styles from "./account.module.css";

/** What went wrong, in plain words, said aloud. */
export function Problem({ code }: { code: string | null }) {
  const { t } = useI18n();
  return (
    <p role="alert" className={styles.problem} data-testid={code === null ? undefined : "error-message"}>
      {code !== null && failureText(t, code)}
    </p>
  );
}
