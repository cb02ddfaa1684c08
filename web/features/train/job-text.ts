import type { Key, Translate } from "@/i18n";
import { timeLeft } from "@/lib/training/time-left";
import type { TrainingJob } from "@/lib/training/training-api";

/** Where a job stands, in words. */
export function stateKey({ state, phase }: Pick<TrainingJob, "state" | "phase">): Key {
  return state === "running" ? `train.phase.${phase}` : `train.state.${state}`;
}

/** How long it may still take; null while nobody knows. */
export function timeLeftText(t: Translate, { state, secondsLeft }: TrainingJob): string | null {
  if (state !== "running" || secondsLeft === null) return null;
  const { unit, count } = timeLeft(secondsLeft);
  return t(`train.left.${unit}`, { count });
}
