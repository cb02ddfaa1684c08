"use client";

import { useEffect, useMemo } from "react";
import { Button } from "@/components/ui/button";
import { SiteHeader } from "@/components/ui/site-header";
import { Trouble } from "@/components/ui/trouble";
import { failureText, useI18n } from "@/i18n";
import { TrainingApi } from "@/lib/training/training-api";
import { Captures } from "./captures";
import { Jobs } from "./jobs";
import styles from "./train.module.css";
import { useCaptures } from "./use-captures";
import { useJobWatch } from "./use-job-watch";
import { useOperatorToken } from "./use-operator-token";

/** `/train/#TOKEN`: the operator has faces learned. */
export function TrainPage() {
  const { t } = useI18n();
  const token = useOperatorToken();
  if (token.value === undefined) return null;
  if (token.value === null) {
    return (
      <Trouble
        title={t("train.operatorOnly")}
        message={t(token.refused ? "train.tokenRefused" : "train.tokenMissing")}
      />
    );
  }
  return <Training key={token.value} token={token.value} onRefused={token.refuse} />;
}

function Training({ token, onRefused }: { token: string; onRefused(): void }) {
  const { t } = useI18n();
  const api = useMemo(() => new TrainingApi(token), [token]);
  const captures = useCaptures(api);
  const watched = useJobWatch(api);
  const failure = watched.failure ?? captures.failure;
  const refused = failure === "operator_only";
  useEffect(() => {
    if (refused) onRefused();
  }, [refused, onRefused]);
  return (
    <>
      <SiteHeader />
      <main className={styles.main}>
        <div className={styles.intro}>
          <h1>{t("train.title")}</h1>
          <p>{t("train.lead")}</p>
          <p className={styles.consent} data-testid="consent-rule">
            {t("train.consent")}
          </p>
        </div>
        {failure !== null && !refused && (
          <p role="alert" className={styles.trouble} data-testid="error-message" data-code={failure}>
            {failureText(t, failure)}{" "}
            <Button
              onClick={() => {
                captures.reload();
                watched.look();
              }}
            >
              {t("lobby.tryAgain")}
            </Button>
          </p>
        )}
        {watched.jobs !== null && watched.trainers === 0 && (
          <p role="status" className={styles.trouble} data-testid="no-trainer">
            {t("train.noTrainer")}
          </p>
        )}
        <section aria-labelledby="new-face" className={styles.panel}>
          <h2 id="new-face">{t("train.new")}</h2>
          <Captures api={api} captures={captures} onStarted={watched.look} />
        </section>
        <section aria-labelledby="trainings" className={styles.panel}>
          <h2 id="trainings">{t("train.jobs")}</h2>
          <Jobs api={api} jobs={watched.jobs} captures={captures.list} onAsked={watched.look} />
        </section>
      </main>
    </>
  );
}
