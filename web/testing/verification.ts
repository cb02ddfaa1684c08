/** Reports and an examiner for tests. */

import { ApiError } from "@/lib/call-server";
import type { Report, Verification, VerificationApi } from "@/lib/verification/verification-api";

export const TAG = "B8Y9Y4HM";

export function report(changes: Partial<Report> = {}): Report {
  return {
    verdict: "marked",
    disagreements: [],
    seconds: 12,
    truncated: false,
    mark: {
      confidence: 49.9,
      seconds: 8,
      partial: false,
      mirrored: false,
      intervals: [{ start: 1, end: 9, kind: "synthetic", tag: TAG, confidence: 41.2 }],
    },
    badge: { pictures: 24, read: 18, tags: { [TAG]: 18 } },
    credentials: { state: "none", tags: [], namesTalchum: false },
    log: { [TAG]: null },
    ...changes,
  };
}

export function verification(changes: Partial<Verification> = {}): Verification {
  return {
    id: "v1",
    state: "examining",
    doing: "reading",
    share: 0.5,
    report: null,
    error: null,
    ...changes,
  };
}

/** A call server that does what its fields say, and remembers what it was asked. */
export class FakeVerifications implements VerificationApi {
  readonly asked: string[] = [];
  refusal: ApiError | null = null;
  sending: ApiError | null = null;
  /** Answers to looks, in order; the last one stays. */
  looks: (Verification | ApiError)[] = [verification({ state: "succeeded", report: report() })];
  /** Resolves when the file may have arrived. */
  arrived: Promise<void> = Promise.resolve();

  async terms() {
    return { open: true, maxBytes: 1_000_000 };
  }

  async reserve(size: number) {
    this.asked.push(`reserve ${size}`);
    if (this.refusal !== null) throw this.refusal;
    return "v1";
  }

  async send(id: string, _file: Blob, sent: (share: number) => void, signal: AbortSignal) {
    this.asked.push(`send ${id}`);
    sent(0.25);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new ApiError("unreachable", "aborted", true)));
    });
    await Promise.race([this.arrived, aborted]);
    if (this.sending !== null) throw this.sending;
  }

  async look(id: string) {
    this.asked.push(`look ${id}`);
    const [next] = this.looks.length > 1 ? this.looks.splice(0, 1) : this.looks;
    if (next === undefined || next instanceof ApiError) throw next ?? new Error("no answer");
    return next;
  }

  async forget(id: string) {
    this.asked.push(`forget ${id}`);
  }
}
