"use client";

import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { SiteHeader } from "@/components/ui/site-header";
import { useI18n } from "@/i18n";
import { FileChoice } from "./file-choice";
import { ReportView } from "./report-view";
import { Running } from "./running";
import { useExamination, useTerms } from "./use-examination";
import styles from "./verify.module.css";
import { failureKey } from "./verify-text";

/** `/verify/`: anybody has a video looked through for marks. */
export function VerifyPage() {
  const { t } = useI18n();
  const terms = useTerms();
  const { progress, start, cancel } = useExamination();
  const [file, setFile] = useState<File | null>(null);
  const choose = (chosen: File): void => {
    setFile(chosen);
    start(chosen);
  };
  const { phase } = progress;
  return (
    <>
      <SiteHeader />
      <main className={styles.main}>
        <div className={styles.intro}>
          <h1>{t("verify.title")}</h1>
          {phase === "idle" && <p>{t("verify.lead")}</p>}
          {phase !== "done" && (
            <p className={styles.privacy} data-testid="verify-privacy">
              {t("verify.privacy")}
            </p>
          )}
        </div>
        {phase === "idle" &&
          (terms?.open === false ? (
            <p role="status" className={styles.trouble} data-testid="verify-closed">
              {t("verify.closed")}
            </p>
          ) : (
            <FileChoice terms={terms} onChosen={choose} />
          ))}
        {(phase === "sending" || phase === "examining") && <Running progress={progress} onCancel={cancel} />}
        {phase === "failed" && (
          <Failure
            name={progress.name}
            code={progress.code}
            onAgain={progress.retryable && file !== null ? () => start(file) : null}
            onAnother={cancel}
          />
        )}
        {phase === "done" && <ReportView name={progress.name} report={progress.report} onAnother={cancel} />}
        <p className={styles.aside}>
          {t("verify.offline")}{" "}
          <a href="/.well-known/talchum.json" data-testid="verify-keys">
            {t("verify.keys")}
          </a>
        </p>
      </main>
    </>
  );
}

function Failure({
  name,
  code,
  onAgain,
  onAnother,
}: {
  name: string;
  code: string;
  onAgain: (() => void) | null;
  onAnother(): void;
}) {
  const { t } = useI18n();
  const text = useRef<HTMLParagraphElement>(null);
  useEffect(() => text.current?.focus(), []);
  return (
    <section className={styles.panel}>
      <p className={styles.name}>{t("verify.file", { name })}</p>
      <p
        ref={text}
        role="alert"
        tabIndex={-1}
        className={styles.problem}
        data-testid="error-message"
        data-code={code}
      >
        {t(failureKey(code), { code })}
      </p>
      <div className={styles.actions}>
        {onAgain !== null && (
          <Button look="primary" data-testid="verify-again" onClick={onAgain}>
            {t("verify.again")}
          </Button>
        )}
        <Button data-testid="verify-another" onClick={onAnother}>
          {t("verify.another")}
        </Button>
      </div>
    </section>
  );
}
