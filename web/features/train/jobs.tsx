"use client";

import { useI18n } from "@/i18n";
import type { Capture, TrainingApi, TrainingJob } from "@/lib/training/training-api";
import { Job } from "./job";
import styles from "./train.module.css";

/** Every training there was, newest first. */
export function Jobs({
  api,
  jobs,
  captures,
  onAsked,
}: {
  api: TrainingApi;
  jobs: readonly TrainingJob[] | null;
  captures: readonly Capture[] | null;
  onAsked(): void;
}) {
  const { t, language } = useI18n();
  if (jobs === null) return <p>{t("train.loading")}</p>;
  if (jobs.length === 0) return <p data-testid="no-jobs">{t("train.noJobs")}</p>;
  return (
    <ul className={styles.jobs}>
      {jobs.map((job) => (
        <Job
          key={job.id}
          api={api}
          job={job}
          from={captures?.find(({ id }) => id === job.capture)?.title[language] ?? null}
          onAsked={onAsked}
        />
      ))}
    </ul>
  );
}
