/**
 * The one place that decides which sound goes to other participants: the microphone, through the delay line that holds it
 * back to the picture if the audio context runs. One that was not let start must not mute anybody.
 */

import { type LipTimes, LONGEST_DELAY_S, VoiceDelay } from "@/lib/media/voice-delay";

export class OutgoingVoice {
  readonly #onTrack: (track: MediaStreamTrack | null) => void;
  #microphone: MediaStreamTrack | null = null;
  #context: AudioContext | null = null;
  #delay: VoiceDelay | null = null;
  #closed = false;

  /** onTrack: every participant is to be sent this sound from now on. */
  constructor(onTrack: (track: MediaStreamTrack | null) => void) {
    this.#onTrack = onTrack;
  }

  /** What goes out now; null before there is a microphone. */
  get track(): MediaStreamTrack | null {
    if (this.#microphone === null) return null;
    return this.#delay !== null && this.#context?.state === "running" ? this.#delay.track : this.#microphone;
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
  }

  /** No face is worn: nothing is held back. */
  release(): void {
    this.#delay?.release();
  }

  close(): void {
    this.#closed = true;
    this.#delay?.close();
    void this.#context?.close().catch(() => undefined);
  }

  #send(): void {
    this.#onTrack(this.track);
  }
}
