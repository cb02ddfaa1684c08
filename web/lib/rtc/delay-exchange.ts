/**
 * What both sides of a call tell each other about delay, once a second, and what follows from it: the figure on the
 * screen, and how far the voice is held back. The parts and how they are measured: delay.ts.
 */

import { VOICE_FIXED_S } from "@/lib/media/voice-delay";
import {
  type DelayMessage,
  type LoopMessage,
  meterDisplayed,
  type PassageMessage,
  PassageMeter,
  UNTOLD_SENDING_SECONDS,
} from "./delay";
import type { OutgoingVoice } from "./outgoing-voice";
import type { ParticipantLink } from "./participant-link";
import type { PictureWays } from "./picture-ways";
import type { Way } from "./relay-choice";
import type { LinkFigures } from "./stats";

export interface DelayExchangeOptions {
  /** The connection that is measured; undefined while there is none. */
  link(): ParticipantLink | undefined;
  /** Whether this other participant wears a face. */
  wearsFace(peer: string): boolean;
  /** The face worn here, its camera to returned frame and the end of that, seconds; null for none. */
  worn(): { loopDelay: number | null; returning: number | null } | null;
  /** The ways by which the other's picture comes. */
  ways(): Pick<PictureWays, "way" | "lead" | "passage" | "figures" | "measure" | "compare">;
  voice: OutgoingVoice;
  /** Capture to display of the other's picture, ms; null until known. */
  onDelay(delayMs: number | null): void;
  onVoiceDelay(voiceDelayMs: number): void;
}

const MEASURE_EVERY_MS = 1_000;

export class DelayExchange {
  readonly #options: DelayExchangeOptions;
  readonly #passages = { client: new PassageMeter(), server: new PassageMeter() };
  #remoteLoop: LoopMessage | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopped = false;

  constructor(options: DelayExchangeOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#measure(), MEASURE_EVERY_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Time the frames of the other's picture by this way as an element displays them. Returns how to stop. */
  meter(video: HTMLVideoElement, way: Way): () => void {
    return meterDisplayed(video, this.#passages[way]);
  }

  /** The connection is another one: nothing is known about it. */
  reset(): void {
    this.#remoteLoop = null;
    this.#passages.client.reset();
    this.#passages.server.reset();
  }

  /** The other participant told something. */
  receive(message: DelayMessage): void {
    if (message.type === "passage") {
      this.#holdVoice(message);
      return;
    }
    const link = this.#options.link();
    this.#remoteLoop = message;
    const wearsFace = link !== undefined && this.#options.wearsFace(link.peer);
    this.#passages.client.setSender(wearsFace, message.sending);
    this.#passages.server.setSender(true, 0); // what the worker's encoder takes is part of the loop
  }

  async #measure(): Promise<void> {
    const link = this.#options.link();
    if (link === undefined) return;
    const ways = this.#options.ways();
    const figures = await link.measure().catch(() => null);
    await ways.measure().catch(() => undefined); // the worker was closed to us meanwhile
    if (figures === null || this.#stopped) return;
    if (figures.roundTripTime !== null) this.#passages.client.setRoundTripTime(figures.roundTripTime);
    const toWorker = ways.figures?.roundTripTime ?? null;
    if (toWorker !== null) this.#passages.server.setRoundTripTime(toWorker);
    if (this.#options.wearsFace(link.peer)) {
      ways.compare(performance.now(), this.#byClient(figures), this.#afterWorker(ways.passage));
    }
    this.#tell(link, figures);
    this.#options.onDelay(this.#delayMs(link));
  }

  #tell(link: ParticipantLink, { roundTripTime, sending, voiceBuffer }: LinkFigures): void {
    link.tell({ type: "loop", seconds: this.#ownLoop(), returning: this.#ownReturning(), sending });
    const displayed = this.#passages.client.seconds;
    if (displayed === null) return;
    const voice = (roundTripTime ?? 0) / 2 + (voiceBuffer ?? 0) + VOICE_FIXED_S;
    // Only the difference counts, and no age is below nothing.
    const { lead } = this.#options.ways();
    const taken = Math.min(lead, displayed);
    link.tell({ type: "passage", video: displayed - taken, voice: voice + lead - taken });
  }

  /** How late the other's worn face is by their client, as far as both sides measure, seconds. */
  #byClient({ roundTripTime, receiving }: LinkFigures): number | null {
    const loop = this.#remoteLoop?.seconds ?? null;
    if (loop === null || roundTripTime === null || receiving === null) return null;
    return loop + roundTripTime / 2 + (this.#remoteLoop?.sending ?? UNTOLD_SENDING_SECONDS) + receiving;
  }

  /** How late it is from their face worker. passage: what follows the worker's encoder, seconds. */
  #afterWorker(passage: number | null): number | null {
    const { seconds = null, returning = null } = this.#remoteLoop ?? {};
    if (seconds === null || returning === null || passage === null) return null;
    return Math.max(0, seconds - returning) + passage;
  }

  /** What this side's face costs: zero for the own face, null while nobody knows. */
  #ownLoop(): number | null {
    const worn = this.#options.worn();
    return worn === null ? 0 : worn.loopDelay;
  }

  #ownReturning(): number | null {
    const worn = this.#options.worn();
    return worn === null ? 0 : worn.returning;
  }

  #delayMs(link: ParticipantLink): number | null {
    const wearsFace = this.#options.wearsFace(link.peer);
    if (wearsFace && this.#options.ways().way === "server") {
      const delay = this.#afterWorker(this.#passages.server.seconds);
      return delay === null ? null : Math.round(delay * 1000);
    }
    const loop = wearsFace ? (this.#remoteLoop?.seconds ?? null) : 0;
    const passage = this.#passages.client.seconds;
    return loop === null || passage === null ? null : Math.round((loop + passage) * 1000);
  }

  #holdVoice({ video, voice }: PassageMessage): void {
    const loop = this.#ownLoop();
    if (loop === null) return;
    if (this.#options.worn() === null) this.#options.voice.release();
    else this.#options.voice.follow({ loop, video, voice });
    this.#options.onVoiceDelay(this.#options.voice.delayMs);
  }
}
