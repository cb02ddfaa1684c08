/** One video on its way through the call server: sent, examined, reported, or given up. */

import { ApiError } from "@/lib/call-server";
import type { Doing, Report, VerificationApi } from "./verification-api";

export const LOOK_MS = 700;
/** How often in a row a look may fail before the examination counts as lost. */
const PATIENCE = 8;

export type Progress =
  | { phase: "idle" }
  | { phase: "sending"; name: string; share: number }
  | { phase: "examining"; name: string; doing: Doing; share: number }
  | { phase: "done"; name: string; report: Report }
  | { phase: "failed"; name: string; code: string; retryable: boolean };

export class Examination {
  readonly #api: VerificationApi;
  readonly #listeners = new Set<() => void>();
  #current: Progress = { phase: "idle" };
  /** Ends what goes on; another one means that a newer file has taken its place. */
  #running: AbortController | null = null;
  #id: string | null = null;

  constructor(api: VerificationApi) {
    this.#api = api;
  }

  get current(): Progress {
    return this.#current;
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Have a file examined; what went on before ends. Its name stays here. */
  async start(file: File): Promise<void> {
    this.#end();
    const running = new AbortController();
    this.#running = running;
    const say = (progress: Progress): void => {
      if (this.#running === running) this.#say(progress);
    };
    const { name } = file;
    say({ phase: "sending", name, share: 0 });
    try {
      const report = await this.#report(file, running.signal, say);
      say({ phase: "done", name, report });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      say({ phase: "failed", name, code: error.code, retryable: error.retryable });
    } finally {
      // The report is here now, and what failed has nothing more to say.
      if (this.#running === running) this.#end();
    }
  }

  /** End what goes on, at the call server too; a report that is shown goes. */
  readonly cancel = (): void => {
    this.#end();
    this.#say({ phase: "idle" });
  };

  async #report(file: File, signal: AbortSignal, say: (progress: Progress) => void): Promise<Report> {
    const { name } = file;
    const id = await this.#api.reserve(file.size);
    if (signal.aborted) {
      await this.#forget(id);
      throw new ApiError("aborted", "it was cancelled", false);
    }
    this.#id = id;
    await this.#send(id, file, (share) => say({ phase: "sending", name, share }), signal);
    say({ phase: "examining", name, doing: "", share: 0 });
    for (let missed = 0; ; ) {
      await pause(LOOK_MS, signal);
      try {
        const { state, doing, share, report, error } = await this.#api.look(id);
        missed = 0;
        if (error !== null) throw new ApiError(error.code, error.message, error.retryable);
        if (state === "succeeded" && report !== null) return report;
        say({ phase: "examining", name, doing, share });
      } catch (error) {
        missed += 1;
        if (!(error instanceof ApiError) || !isPassing(error) || missed > PATIENCE) throw error;
      }
    }
  }

  async #send(id: string, file: File, sent: (share: number) => void, signal: AbortSignal): Promise<void> {
    try {
      await this.#api.send(id, file, sent, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || signal.aborted) throw error;
      // A call server that refuses a file while it comes closes the connection, and says why when asked.
      const { error: why } = await this.#api.look(id).catch(() => ({ error: null }));
      throw why === null ? error : new ApiError(why.code, why.message, why.retryable);
    }
  }

  #end(): void {
    this.#running?.abort();
    this.#running = null;
    if (this.#id !== null) void this.#forget(this.#id);
    this.#id = null;
  }

  async #forget(id: string): Promise<void> {
    // It forgets by itself what nobody asks for.
    await this.#api.forget(id).catch(() => undefined);
  }

  #say(progress: Progress): void {
    this.#current = progress;
    for (const listener of this.#listeners) listener();
  }
}

/** Whether the next look may well succeed. */
function isPassing({ code }: ApiError): boolean {
  return ["unreachable", "store_unavailable", "rate_limited"].includes(code);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      clearTimeout(timer);
      reject(new ApiError("aborted", "it was cancelled", false));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", ended);
      resolve();
    }, milliseconds);
    if (signal.aborted) ended();
    else signal.addEventListener("abort", ended, { once: true });
  });
}
