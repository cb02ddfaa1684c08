/** The performer's request for a face leg: one at a time, repeated when nobody answers or none was free. */

import type { ClientBody } from "@/lib/signalling/messages";
import type { FaceChoice } from "./leg-status";

const RETRY_UNAVAILABLE_MS = 2_000;
/** A request nobody answers, not even with "queued", is repeated. */
const REQUEST_PATIENCE_MS = 6_000;
const CONNECT_PATIENCE_MS = 8_000;

export class LegRequest {
  readonly #send: (message: ClientBody) => void;
  #id: string | null = null;
  #since = 0;
  #retryAt: number | null = null;

  constructor(send: (message: ClientBody) => void) {
    this.#send = send;
  }

  /** The newest request that was neither refused nor given up; null for none. */
  get id(): string | null {
    return this.#id;
  }

  /** Ask for a leg with this face. */
  ask(choice: FaceChoice): void {
    this.#id = crypto.randomUUID();
    this.#since = performance.now();
    this.#retryAt = null;
    this.#send({ type: "face-leg-request", request: this.#id, ...choice });
  }

  /** Give a request, and the leg that came of it, back to the call server. */
  release(request: string): void {
    this.#send({ type: "face-leg-release", request });
  }

  /** A worker answers; it has its own time to connect. */
  answered(): void {
    this.#since = performance.now();
  }

  /** None is free, or there cannot be one. */
  refused(retryable: boolean): void {
    this.#id = null;
    this.#retryAt = retryable ? performance.now() + RETRY_UNAVAILABLE_MS : null;
  }

  /** The leg of this earlier request stays. */
  goBackTo(request: string): void {
    this.#id = request;
    this.#retryAt = null;
  }

  /** Its leg is lost. */
  giveUp(): void {
    this.#id = null;
  }

  /** Nothing is asked for any more, and nothing will be again. */
  forget(): void {
    this.#id = null;
    this.#retryAt = null;
  }

  /** Whether another leg than that of this request is on its way, or will be asked for. */
  replaces(request: string): boolean {
    return this.#id !== request || this.#retryAt !== null;
  }

  /** Whether it is time to ask again after a refusal. */
  dueAgain(now: number): boolean {
    return this.#retryAt !== null && now >= this.#retryAt;
  }

  /** Whether the call server has had its time to answer. */
  unanswered(now: number): boolean {
    return this.#id !== null && now - this.#since > REQUEST_PATIENCE_MS;
  }

  /** Whether the worker has had its time to connect. */
  unconnected(now: number): boolean {
    return now - this.#since > CONNECT_PATIENCE_MS;
  }
}
