import type { Key, Translate } from "@/i18n";
import type { Enrolled } from "@/lib/enrolment/enrolment-api";
import { timeLeft } from "@/lib/training/time-left";

/** How it stands with a face that was enrolled; null: not known yet. */
export function learningText(t: Translate, enrolled: Enrolled | null): string {
  const job = enrolled?.job ?? null;
  switch (enrolled?.state) {
    case "granted":
      return t(enrolled.scope === "licensed" ? "enrol.lent" : "enrol.learned");
    case "dropped":
      return t("enrol.notLearned");
    default:
      break;
  }
  if (job?.state === "failed") return t("enrol.learningFailed");
  if (job?.state === "running" && job.secondsLeft !== null) {
    const { unit, count } = timeLeft(job.secondsLeft);
    return `${t("enrol.learning")} ${t(`train.left.${unit}` as Key, { count })}`;
  }
  return t(job?.state === "running" ? "enrol.learning" : "enrol.waiting");
}
