import type { TrainingJob } from "@/lib/training/training-api";

/** A job in the middle of its learning, but for what is said otherwise. */
export function trainingJob(change: Partial<TrainingJob> = {}): TrainingJob {
  return {
    id: "job-1",
    capture: "capture-1",
    identity: "sora-2",
    state: "running",
    phase: "learning",
    step: 1200,
    steps: 4000,
    psnr: null,
    ssim: null,
    preview: null,
    error: null,
    attempts: 1,
    createdAt: "2026-11-24T10:00:00Z",
    startedAt: "2026-11-24T10:00:01Z",
    endedAt: null,
    secondsLeft: 170,
    ...change,
  };
}
