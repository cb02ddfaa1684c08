"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/text-field";
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

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!(await send({ capture, identity, steps }))) return;
    setIdentity("");
    setSteps("");
    onStarted();
  };

  return (
    <form className={styles.order} onSubmit={(event) => void submit(event)}>
      <TextField
        label={t("train.name")}
        rule={t("train.nameRule")}
        value={identity}
        maxLength={32}
        autoCapitalize="none"
        aria-invalid={problem === "name"}
        data-testid="identity-name"
        onText={setIdentity}
      />
      <details className={styles.more}>
        <summary>{t("train.more")}</summary>
        <TextField
          label={t("train.steps")}
          rule={t("train.stepsRule")}
          value={steps}
          inputMode="numeric"
          aria-invalid={problem === "steps"}
          data-testid="training-steps"
          onText={(text) => setSteps(text.trim())}
        />
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
