/** Server relay, the performer's end: the worn leg, and no other, is open to others where that pays. */

import type { ClientBody, ServerRelay } from "@/lib/signalling/messages";
import { isWorthOpening } from "./relay-choice";

/** After a refusal: the call server hears from the worker what it wears, and may hear it later than we do. */
const AGAIN_MS = 500;

export class LegOpener {
  readonly #send: (message: ClientBody) => void;
  #when: ServerRelay = "never";
  #opened: { request: string; to: string }[] = [];
  readonly #ending = new Set<string>();
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(send: (message: ClientBody) => void) {
    this.#send = send;
  }

  /** The signalling session began (anew): nothing is open. when: what the operator wishes. */
  begin(when: ServerRelay): void {
    this.#when = when;
    this.#opened = [];
  }

  /**
   * Time passes: `now` in ms.
   *
   * worn: the request of the leg whose picture is shown, null while there is none. legs: all requests that are served.
   * others: the other participants who are connected. Both with the shortest round trip to them, seconds, null while
   * unknown. A leg that halts stays open until another is worn.
   */
  mind(
    now: number,
    worn: string | null,
    legs: ReadonlyMap<string, number | null>,
    others: ReadonlyMap<string, number>,
  ): void {
    this.#opened = this.#opened.filter(({ request, to }) => legs.has(request) && others.has(to));
    for (const request of this.#ending) if (!legs.has(request)) this.#ending.delete(request);
    if (this.#when === "never" || worn === null || this.#ending.has(worn) || now < this.#quietUntil) return;
    for (const { request, to } of this.#opened) {
      if (request !== worn) this.#send({ type: "face-leg-open", request, to, open: false });
    }
    this.#opened = this.#opened.filter(({ request }) => request === worn);
    for (const [to, roundTrip] of others) {
      if (this.#opened.some((open) => open.to === to)) continue;
      if (!this.#pays(legs.get(worn) ?? null, roundTrip)) continue;
      this.#send({ type: "face-leg-open", request: worn, to, open: true });
      this.#opened.push({ request: worn, to });
    }
  }

  /** This leg is about to end: who sees it goes back to the client's picture before it does. */
  withdraw(request: string): void {
    for (const open of this.#opened) {
      if (open.request === request) this.#send({ type: "face-leg-open", ...open, open: false });
    }
    this.#opened = this.#opened.filter((open) => open.request !== request);
    this.#ending.add(request);
  }

  /** One was refused; opening what is open already says nothing to anybody. */
  refused(now: number): void {
    this.#opened = [];
    this.#quietUntil = now + AGAIN_MS;
  }

  #pays(toWorker: number | null, toViewer: number): boolean {
    return this.#when === "always" || isWorthOpening(toWorker, toViewer);
  }
}
