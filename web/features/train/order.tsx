"use client";

import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { type Translate, useI18n } from "@/i18n";
import type { TrainingApi } from "@/lib/training/training-api";
import { refusalText } from "./refusal-text";
import styles from "./train.module.css";
import { type Problem, useOrder } from "./use-order";

/** What the new face is called, and off it goes. */
export function Order({
  api,
  capture,
  onStarted,
}: {
  api: TrainingApi;
  capture: string | null;
  onStarted(): void;
}) {
  const { t } = useI18n();
  const [identity, setIdentity] = useState("");
  const [steps, setSteps] = useState("");
  const { sending, problem, send } = useOrder(api);
  const id = useId();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!(await send({ capture, identity, steps }))) return;
    setIdentity("");
    setSteps("");
    onStarted();
  };

  return (
    <form className={styles.order} onSubmit={(event) => void submit(event)}>
      <div className={styles.field}>
        <label htmlFor={`${id}-name`}>{t("train.name")}</label>
        <input
          id={`${id}-name`}
          value={identity}
          maxLength={32}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-describedby={`${id}-rule`}
          aria-invalid={problem === "name"}
          data-testid="identity-name"
          onChange={(event) => setIdentity(event.target.value)}
        />
        <small id={`${id}-rule`}>{t("train.nameRule")}</small>
      </div>
      <details className={styles.more}>
        <summary>{t("train.more")}</summary>
        <div className={styles.field}>
          <label htmlFor={`${id}-steps`}>{t("train.steps")}</label>
          <input
            id={`${id}-steps`}
            value={steps}
            inputMode="numeric"
            autoComplete="off"
            aria-describedby={`${id}-usual`}
            aria-invalid={problem === "steps"}
            data-testid="training-steps"
            onChange={(event) => setSteps(event.target.value.trim())}
          />
          <small id={`${id}-usual`}>{t("train.stepsRule")}</small>
        </div>
      </details>
      <Button type="submit" look="primary" disabled={sending} data-testid="start-training">
        {t(sending ? "train.starting" : "train.start")}
      </Button>
      <p role="alert" className={styles.problem} data-testid={problem === null ? undefined : "order-problem"}>
        {problem !== null && problemText(t, problem)}
      </p>
    </form>
  );
}

function problemText(t: Translate, problem: Problem): string {
  switch (problem) {
    case "capture":
      return t("train.captureMissing");
    case "name":
      return t("train.nameInvalid");
    case "steps":
      return t("train.stepsInvalid");
    default:
      return refusalText(t, problem);
  }
}
