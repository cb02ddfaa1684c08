"use client";

import { useCallback, useState } from "react";
import { useI18n } from "@/i18n";
import type { Capture, TrainingApi } from "@/lib/training/training-api";
import { OperatorPicture } from "./operator-picture";
import { Order } from "./order";
import styles from "./train.module.css";
import type { Captures as Loaded } from "./use-captures";

/** The captures to choose from, and the order for a training; or how to get a first capture. */
export function Captures({
  api,
  captures,
  onStarted,
}: {
  api: TrainingApi;
  captures: Loaded;
  onStarted(): void;
}) {
  const { t } = useI18n();
  const [chosen, setChosen] = useState<string | null>(null);
  if (captures.list === null) return captures.failure === null ? <p>{t("train.loading")}</p> : null;
  if (captures.list.length === 0) {
    return (
      <p data-testid="no-captures">
        {t("train.noCaptures")} <code>python -m faces.captures --only sora</code>
      </p>
    );
  }
  return (
    <>
      <fieldset className={styles.captures}>
        <legend>{t("train.capture")}</legend>
        {captures.list.map((capture) => (
          <CaptureChoice
            key={capture.id}
            api={api}
            capture={capture}
            chosen={chosen === capture.id}
            onChoose={() => setChosen(capture.id)}
          />
        ))}
      </fieldset>
      <Order api={api} capture={chosen} onStarted={onStarted} />
    </>
  );
}

function CaptureChoice({
  api,
  capture,
  chosen,
  onChoose,
}: {
  api: TrainingApi;
  capture: Capture;
  chosen: boolean;
  onChoose(): void;
}) {
  const { t, language } = useI18n();
  const load = useCallback(() => api.thumbnail(capture.id), [api, capture.id]);
  return (
    <label className={styles.capture}>
      <input
        type="radio"
        name="capture"
        value={capture.id}
        checked={chosen}
        data-testid={`capture-${capture.subject}`}
        onChange={onChoose}
      />
      <OperatorPicture load={load} alt="" className={styles.thumbnail} />
      <span className={styles.captureTitle}>{capture.title[language]}</span>
      <span className={styles.seconds}>
        {t("train.captureSeconds", { seconds: Math.round(capture.seconds) })}
      </span>
    </label>
  );
}
