/**
 * What both sides of a call tell each other about delay, once a second, and what follows from it: the figure on the
 * screen, and how far the voice is held back. The parts and how they are measured: delay.ts.
 */

import { VOICE_FIXED_S } from "@/lib/media/voice-delay";
import { type DelayMessage, meterDisplayed, type PassageMessage, PassageMeter } from "./delay";
import type { OutgoingVoice } from "./outgoing-voice";
import type { ParticipantLink } from "./participant-link";
import type { LinkFigures } from "./stats";

export interface DelayExchangeOptions {
  /** The connection that is measured; undefined while there is none. */
  link(): ParticipantLink | undefined;
  /** Whether this other participant wears a face. */
  wearsFace(peer: string): boolean;
  /** The face worn here, with its camera to returned frame in seconds (null while unknown); null for none. */
  worn(): { loopDelay: number | null } | null;
  voice: OutgoingVoice;
  /** Capture to display of the other's picture, ms; null until known. */
  onDelay(delayMs: number | null): void;
  onVoiceDelay(voiceDelayMs: number): void;
}

const MEASURE_EVERY_MS = 1_000;

export class DelayExchange {
  readonly #options: DelayExchangeOptions;
  readonly #passage = new PassageMeter();
  #remoteLoop: number | null = null;
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

  /** Time the frames of the other's picture as this element displays them. Returns how to stop. */
  meter(video: HTMLVideoElement): () => void {
    return meterDisplayed(video, this.#passage);
  }

  /** The connection is another one: nothing is known about it. */
  reset(): void {
    this.#remoteLoop = null;
    this.#passage.reset();
  }

  /** The other participant told something. */
  receive(message: DelayMessage): void {
    if (message.type === "passage") {
      this.#holdVoice(message);
      return;
    }
    const link = this.#options.link();
    this.#remoteLoop = message.seconds;
    this.#passage.setSender(link !== undefined && this.#options.wearsFace(link.peer), message.sending);
  }

  async #measure(): Promise<void> {
    const link = this.#options.link();
    if (link === undefined) return;
    const figures = await link.measure().catch(() => null);
    if (figures === null || this.#stopped) return;
    if (figures.roundTripTime !== null) this.#passage.setRoundTripTime(figures.roundTripTime);
    this.#tell(link, figures);
    this.#options.onDelay(this.#delayMs(link));
  }

  #tell(link: ParticipantLink, { roundTripTime, sending, voiceBuffer }: LinkFigures): void {
    link.tell({ type: "loop", seconds: this.#ownLoop(), sending });
    const video = this.#passage.seconds;
    if (video === null) return;
    const voice = (roundTripTime ?? 0) / 2 + (voiceBuffer ?? 0) + VOICE_FIXED_S;
    link.tell({ type: "passage", video, voice });
  }

  /** What this side's face costs: zero for the own face, null while nobody knows. */
  #ownLoop(): number | null {
    const worn = this.#options.worn();
    return worn === null ? 0 : worn.loopDelay;
  }

  #delayMs(link: ParticipantLink): number | null {
    const loop = this.#options.wearsFace(link.peer) ? this.#remoteLoop : 0;
    const passage = this.#passage.seconds;
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
