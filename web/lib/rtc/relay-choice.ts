/**
 * By which way another person's worn face is shown: by its performer's client, or from its face worker;
 * the twin of src/talchum/domain/relay_choice.py, which says how late a picture is by either.
 *
 * Both carry the same pictures at once while there is a choice, so that changing over needs no gap.
 */

export type Way = "client" | "server";

/** A round trip of a performer's; the shorter of theirs to worker and viewer is what server relay saves. */
const FAR_SECONDS = 0.02;

/** Whether server relay can gain what another encoder costs, by the performer's round trips in seconds. */
export function isWorthOpening(toWorker: number | null, toViewer: number): boolean {
  return toWorker !== null && Math.min(toWorker, toViewer) >= FAR_SECONDS;
}

/** Of a round trip, one a second, before it says how long a line is. */
const ENOUGH_MEASURES = 5;

/** The shortest round trip of a connection: a busy machine lengthens single ones, nothing shortens them. */
export class LineLength {
  #least = Number.POSITIVE_INFINITY;
  #measures = 0;

  /** One more, seconds; null changes nothing. */
  measured(roundTrip: number | null): void {
    if (roundTrip === null) return;
    this.#least = Math.min(this.#least, roundTrip);
    this.#measures += 1;
  }

  /** null until it has been measured often enough. */
  get seconds(): number | null {
    return this.#measures >= ENOUGH_MEASURES ? this.#least : null;
  }
}

/** The other way must be faster by this much, in seconds, for this long. */
const MARGIN_SECONDS = 0.015;
const PATIENCE_MS = 2_000;
/** Without a frame for this long, while the client's go on, the server's way is given up. */
const SILENCE_MS = 200;

/** Begins with the client's way and goes back to it whenever there is any doubt about the other. */
export class RelayChoice {
  #way: Way = "client";
  #gain: number | null = null;
  #lastFromServer = Number.NEGATIVE_INFINITY;
  #missed = 0;
  #fasterSince: number | null = null;

  get way(): Way {
    return this.#way;
  }

  /** Seconds by which the picture that is shown is earlier than the client's. */
  get lead(): number {
    return this.#way === "server" ? (this.#gain ?? 0) : 0;
  }

  /** How late pictures are by either way, seconds; null while unknown, which changes nothing. `now`: ms. */
  measured(now: number, client: number | null, server: number | null): void {
    if (client === null || server === null) return;
    const gain = client - server;
    // Half old, half new: one odd second changes nothing.
    this.#gain = this.#gain === null ? gain : (this.#gain + gain) / 2;
    if (!this.#otherIsFaster()) this.#fasterSince = null;
    else this.#fasterSince ??= now;
  }

  /** A frame that may be shown came this way; only with one in hand it changes over. `now`: ms. */
  arrived(way: Way, now: number): void {
    if (way === "server") {
      this.#lastFromServer = now;
      this.#missed = 0;
    } else {
      this.#missed += 1;
    }
    // When a face worker halts, both ways do; the first frame of the client's may have been on its way.
    if (this.#missed > 1 && now - this.#lastFromServer > SILENCE_MS) this.serverLost();
    else if (way !== this.#way && this.#fasterSince !== null && now - this.#fasterSince >= PATIENCE_MS)
      this.#go(way);
  }

  /** The worker is silent, gone, or closed to us: what was known of it holds no more. */
  serverLost(): void {
    this.#gain = null;
    this.#lastFromServer = Number.NEGATIVE_INFINITY;
    this.#go("client");
  }

  #otherIsFaster(): boolean {
    const gain = this.#gain;
    return gain !== null && (this.#way === "client" ? gain : -gain) >= MARGIN_SECONDS;
  }

  #go(way: Way): void {
    this.#way = way;
    this.#fasterSince = null;
  }
}
