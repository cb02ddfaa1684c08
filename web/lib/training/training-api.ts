/** The call server's HTTP interface for whoever runs it: captures, and trainings that learn a face from one. */

import { ask, post, request } from "@/lib/call-server";

/** What a face can be learned from: a recording of a person's own, or of a synthetic person. */
export interface Capture {
  id: string;
  subject: string;
  title: { en: string; ko: string };
  seconds: number;
  createdAt: string;
}

export interface TrainingJob {
  id: string;
  capture: string;
  identity: string;
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  phase: "waiting" | "looking" | "learning" | "exporting";
  step: number;
  steps: number;
  /** How close the network comes on pictures it does not learn from; null until measured. */
  psnr: number | null;
  ssim: number | null;
  /** Digest of the newest held-out picture: another one means that there is another picture. */
  preview: string | null;
  error: { code: string; message: string; retryable: boolean } | null;
  attempts: number;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  secondsLeft: number | null;
}

/** All jobs, newest first, and how many trainers there are to do them. */
export interface JobList {
  jobs: TrainingJob[];
  trainers: number;
}

export interface TrainingOrder {
  capture: string;
  identity: string;
  /** The installation's usual number when left out. */
  steps?: number;
}

const CAPTURES = "/api/captures";
const JOBS = "/api/training-jobs";

/** Every method throws ApiError; `operator_only` is for a token that is not this installation's. */
export class TrainingApi {
  readonly #authorization: string;

  constructor(token: string) {
    this.#authorization = `Bearer ${token}`;
  }

  async captures(): Promise<Capture[]> {
    return ((await ask(CAPTURES, this.#with())) as { captures: Capture[] }).captures;
  }

  async thumbnail(capture: string): Promise<Blob> {
    return this.#picture(`${CAPTURES}/${encodeURIComponent(capture)}/thumbnail.webp`);
  }

  async jobs(): Promise<JobList> {
    return (await ask(JOBS, this.#with())) as JobList;
  }

  async start(order: TrainingOrder): Promise<TrainingJob> {
    return (await ask(JOBS, this.#with(post(order)))) as TrainingJob;
  }

  async cancel(job: string): Promise<void> {
    await ask(`${JOBS}/${encodeURIComponent(job)}/cancel`, this.#with(post({})));
  }

  async retry(job: string): Promise<void> {
    await ask(`${JOBS}/${encodeURIComponent(job)}/retry`, this.#with(post({})));
  }

  /** The held-out picture of the moment: left as the network paints it, right as it truly is. */
  async preview(job: string): Promise<Blob> {
    return this.#picture(`${JOBS}/${encodeURIComponent(job)}/preview.webp`);
  }

  async #picture(path: string): Promise<Blob> {
    return (await request(path, this.#with())).blob();
  }

  #with(init: RequestInit = { method: "GET" }): RequestInit {
    return { ...init, headers: { ...init.headers, authorization: this.#authorization } };
  }
}
