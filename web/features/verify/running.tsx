"use client";

import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import type { Progress } from "@/lib/verification/examination";
import styles from "./verify.module.css";
import { doingKey, percent } from "./verify-text";

/** How far a video is, and the way to end it. */
export function Running({
  progress,
  onCancel,
}: {
  progress: Extract<Progress, { phase: "sending" | "examining" }>;
  onCancel(): void;
}) {
  const { t, language } = useI18n();
  const cancel = useRef<HTMLButtonElement>(null);
  // What was focused went with the choice.
  useEffect(() => cancel.current?.focus(), []);
  const doing = progress.phase === "sending" ? t("verify.sending") : t(doingKey(progress.doing));
  // Where nothing can be said of how far it is, the bar says only that something goes on.
  const share = progress.phase === "examining" && progress.doing === "" ? null : progress.share;
  return (
    <section
      className={styles.panel}
      data-testid="verify-running"
      data-phase={progress.phase}
      data-doing={progress.phase === "sending" ? "sending" : progress.doing}
    >
      <p className={styles.name}>{t("verify.file", { name: progress.name })}</p>
      <div className={styles.progress}>
        {/* The words change a few times, so that they can be read aloud; the figure is not. */}
        <p role="status" data-testid="verify-doing">
          {doing}
        </p>
        <span className={styles.figure} aria-hidden="true">
          {share !== null && percent(share, language)}
        </span>
        {/* A new one for each thing that is done, else it would run backwards between them. */}
        <progress
          key={doing}
          max={1}
          {...(share === null ? {} : { value: share })}
          aria-label={t("verify.progress")}
          data-testid="verify-progress"
        />
      </div>
      <div className={styles.actions}>
        <Button ref={cancel} data-testid="verify-cancel" onClick={onCancel}>
          {t("verify.cancel")}
        </Button>
      </div>
    </section>
  );
}
