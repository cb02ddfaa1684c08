"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import type { Report } from "@/lib/verification/verification-api";
import styles from "./verify.module.css";

/** The report as programs read it, to see and to take along. */
export function ReportJson({ report }: { report: Report }) {
  const { t } = useI18n();
  const [result, setResult] = useState<"copied" | "failed" | null>(null);
  const [open, setOpen] = useState(false);
  const text = JSON.stringify(report, null, 2);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setResult("copied");
    } catch {
      // Also where there is no clipboard, as on a page without https.
      setResult("failed");
      setOpen(true);
    }
  };
  return (
    <div className={styles.json}>
      <Button data-testid="copy-report" onClick={() => void copy()}>
        <span aria-live="polite">{t(result === "copied" ? "verify.copied" : "verify.copy")}</span>
      </Button>
      {result === "failed" && <p role="alert">{t("verify.copyFailed")}</p>}
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("verify.json")}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it */}
        <pre tabIndex={0} lang="en" data-testid="report-json">
          {text}
        </pre>
      </details>
    </div>
  );
}
