/**
 * The one place that decides which sound goes to other participants: the microphone itself, or the delay line that holds
 * it back to the picture. The line takes some 20 ms by itself, so it is used only while something is held back; and an
 * audio context that was not let start must not mute anybody.
 */

import { type LipTimes, LONGEST_DELAY_S, VoiceDelay } from "@/lib/media/voice-delay";

export class OutgoingVoice {
  readonly #onTrack: (track: MediaStreamTrack | null) => void;
  #microphone: MediaStreamTrack | null = null;
  #context: AudioContext | null = null;
  #delay: VoiceDelay | null = null;
  #sent: MediaStreamTrack | null = null;
  #closed = false;

  /** onTrack: every participant is to be sent this sound from now on. */
  constructor(onTrack: (track: MediaStreamTrack | null) => void) {
    this.#onTrack = onTrack;
  }

  /** What goes out now; null before there is a microphone. */
  get track(): MediaStreamTrack | null {
    if (this.#microphone === null) return null;
    const held = this.#delay?.holding === true && this.#context?.state === "running";
    return held ? (this.#delay?.track ?? null) : this.#microphone;
  }

  /** How far the voice is held back, ms. */
  get delayMs(): number {
    return Math.round(Math.min(LONGEST_DELAY_S, this.#delay?.seconds ?? 0) * 1000);
  }

  /** The one audio context of this visit; it runs from the first click on. */
  audioContext(): AudioContext {
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    if (this.#context.state === "suspended") void this.#context.resume().catch(() => undefined);
    return this.#context;
  }

  setMicrophone(microphone: MediaStreamTrack): void {
    this.#microphone = microphone;
    this.#delay?.setMicrophone(microphone);
    this.#send();
  }

  /** Lay the delay line: the call begins. */
  async prepare(): Promise<void> {
    const context = this.audioContext();
    context.onstatechange = () => this.#send();
    await context.resume().catch(() => undefined);
    if (this.#closed) return;
    this.#delay = new VoiceDelay(context);
    this.#delay.setMicrophone(this.#microphone);
    this.#send();
  }

  /** Stay with the picture of a worn face: called about once a second with what is known. */
  follow(times: LipTimes): void {
    this.#delay?.follow(times);
    this.#send();
  }

  /** No face is worn: nothing is held back. */
  release(): void {
    this.#delay?.release();
    this.#send();
  }

  close(): void {
    this.#closed = true;
    this.#delay?.close();
    void this.#context?.close().catch(() => undefined);
  }

  #send(): void {
    const { track } = this;
    if (track === this.#sent) return;
    this.#sent = track;
    this.#onTrack(track);
  }
}
