/** Keeps the list of jobs fresh: each second while something goes on, slower otherwise, not at all in a hidden tab. */

import { ApiError } from "@/lib/call-server";
import type { JobList, TrainingJob } from "./training-api";

export const BUSY_MS = 1_000;
export const IDLE_MS = 5_000;

export interface Watched {
  /** null until the first answer. */
  jobs: readonly TrainingJob[] | null;
  trainers: number;
  /** Why the newest look brought nothing (a code); the list is the last one known. */
  failure: string | null;
}

/** Whether a job waits or runs: it may be cancelled, and it changes by itself. */
export function isOpen({ state }: Pick<TrainingJob, "state">): boolean {
  return state === "queued" || state === "running";
}

interface Page {
  readonly hidden: boolean;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
}

export class JobWatch {
  readonly #jobs: () => Promise<JobList>;
  readonly #page: Page;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  /** Counts looks, so that an answer which a newer look has overtaken is dropped. */
  #looks = 0;
  #current: Watched = { jobs: null, trainers: 0, failure: null };

  constructor(jobs: () => Promise<JobList>, page: Page) {
    this.#jobs = jobs;
    this.#page = page;
  }

  get current(): Watched {
    return this.#current;
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Watch until the returned function is called. */
  start(): () => void {
    this.#running = true;
    this.#page.addEventListener("visibilitychange", this.look);
    this.look();
    return () => {
      this.#running = false;
      this.#page.removeEventListener("visibilitychange", this.look);
      clearTimeout(this.#timer);
    };
  }

  /** Look now: something was asked for, or the tab came to the front. */
  readonly look = (): void => {
    clearTimeout(this.#timer);
    if (this.#running && !this.#page.hidden) void this.#look();
  };

  async #look(): Promise<void> {
    this.#looks += 1;
    const look = this.#looks;
    const seen = await this.#ask();
    if (look !== this.#looks || !this.#running) return;
    this.#current = seen;
    for (const listener of this.#listeners) listener();
    if (this.#page.hidden) return;
    const busy = seen.failure === null && seen.jobs?.some(isOpen) === true && seen.trainers > 0;
    this.#timer = setTimeout(this.look, busy ? BUSY_MS : IDLE_MS);
  }

  async #ask(): Promise<Watched> {
    try {
      return { ...(await this.#jobs()), failure: null };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { ...this.#current, failure: error.code };
    }
  }
}
