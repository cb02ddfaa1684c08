"use client";

import { useCallback } from "react";
import { Button } from "@/components/ui/button";
import { hasFailureText, useI18n } from "@/i18n";
import { isOpen } from "@/lib/training/job-watch";
import type { TrainingApi, TrainingJob } from "@/lib/training/training-api";
import { stateKey, timeLeftText } from "./job-text";
import { OperatorPicture } from "./operator-picture";
import { refusalText } from "./refusal-text";
import { Result } from "./result";
import styles from "./train.module.css";
import { useJobActions } from "./use-job-actions";

/** One training: how far it is, what it can do so far, and what came of it. from: what it learns from, in words. */
export function Job({
  api,
  job,
  from,
  onAsked,
}: {
  api: TrainingApi;
  job: TrainingJob;
  from: string | null;
  onAsked(): void;
}) {
  const { t } = useI18n();
  const { asking, refusal, cancel, retry } = useJobActions(api, job.id, onAsked);
  return (
    <li className={styles.job} data-testid="job" data-identity={job.identity} data-state={job.state}>
      <div className={styles.jobHead}>
        <h3>{job.identity}</h3>
        {from !== null && <span>{t("train.from", { title: from })}</span>}
        {job.attempts > 1 && <span>{t("train.attempt", { count: job.attempts })}</span>}
      </div>
      {/* The words change a few times in a training, so that they can be read aloud; the steps below are not. */}
      <p role="status" className={styles.state} data-testid="job-state" data-state={job.state}>
        {t(stateKey(job))}
      </p>
      {job.error !== null && (
        <p className={styles.reason} data-testid="job-error" data-code={job.error.code}>
          {refusalText(t, job.error)}
          {/* What exactly was got and expected is for whoever can do something about it. */}
          {hasFailureText(job.error.code) && <small lang="en">{job.error.message}</small>}
        </p>
      )}
      {isOpen(job) && <Progress job={job} />}
      {job.state === "succeeded" && <Result identity={job.identity} />}
      {job.preview !== null && <HeldOut api={api} job={job} />}
      <div className={styles.actions}>
        {isOpen(job) && (
          <Button disabled={asking} data-testid="cancel-job" onClick={cancel}>
            {t("train.cancel")} <span className="visually-hidden">{job.identity}</span>
          </Button>
        )}
        {(job.state === "failed" || job.state === "cancelled") && (
          <Button disabled={asking} data-testid="retry-job" onClick={retry}>
            {t("train.retry")} <span className="visually-hidden">{job.identity}</span>
          </Button>
        )}
        {refusal !== null && (
          <p role="alert" className={styles.problem} data-testid="job-refusal">
            {refusalText(t, refusal)}
          </p>
        )}
      </div>
    </li>
  );
}

function Progress({ job }: { job: TrainingJob }) {
  const { t, language } = useI18n();
  const number = new Intl.NumberFormat(language);
  const left = timeLeftText(t, job);
  return (
    <div className={styles.progress}>
      <progress
        max={Math.max(1, job.steps)}
        value={job.step}
        aria-label={t("train.progress", { name: job.identity })}
        data-testid="job-progress"
      />
      <p>
        {job.steps > 0 && (
          <span>{t("train.step", { step: number.format(job.step), steps: number.format(job.steps) })}</span>
        )}
        {left !== null && <span>{left}</span>}
      </p>
    </div>
  );
}

/** What the network makes of pictures that it does not learn from. */
function HeldOut({ api, job }: { api: TrainingApi; job: TrainingJob }) {
  const { t } = useI18n();
  const { id, preview, psnr, ssim } = job;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another digest is another picture
  const load = useCallback(() => api.preview(id), [api, id, preview]);
  return (
    <figure className={styles.heldOut}>
      <OperatorPicture
        load={load}
        alt={t("train.heldOutAlt", { name: job.identity })}
        className={styles.heldOutPicture}
        testId="held-out-picture"
      />
      <figcaption>
        {t("train.heldOut")}
        {psnr !== null && (
          <span className={styles.likeness} title={t("train.likeness")} data-testid="job-likeness">
            PSNR {psnr.toFixed(1)} dB
            {ssim !== null && ` · SSIM ${ssim.toFixed(3)}`}
          </span>
        )}
      </figcaption>
    </figure>
  );
}
