"use client";

import type { ReactNode } from "react";
import { useI18n } from "@/i18n";
import { Mask } from "./mask";
import { SiteHeader } from "./site-header";
import styles from "./trouble.module.css";

/** A page that says plainly what is wrong and what can be done; `note` stands between the two. */
export function Trouble({
  title,
  message,
  note,
  children,
  testId = "error-message",
}: {
  title?: string;
  message?: string;
  note?: ReactNode;
  children?: ReactNode;
  testId?: string;
}) {
  const { t } = useI18n();
  return (
    <>
      <SiteHeader />
      <main className={styles.main}>
        <Mask className={styles.mask} />
        <h1 className={styles.title}>{title ?? t("error.title")}</h1>
        {message !== undefined && (
          <p role="alert" className={styles.message} data-testid={testId}>
            {message}
          </p>
        )}
        {note}
        <div className={styles.actions}>
          {children}
          <a href="/" className={styles.home} data-testid="home">
            {t("call.home")}
          </a>
        </div>
      </main>
    </>
  );
}
