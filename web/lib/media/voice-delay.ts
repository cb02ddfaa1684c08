/**
 * The microphone's way to the other participant, held back when the face is slower than the voice.
 *
 * ITU-R BT.1359 finds sound that is early by 45 ms noticeable: below that nothing is delayed. Changes are slewed, since a
 * DelayNode whose time changes bends the pitch: 20 ms a second is 2 %.
 */

export const NOTICEABLE_S = 0.045;
export const LONGEST_DELAY_S = 0.25;
const SLEW_PER_S = 0.02;
/** Smaller corrections than this are not worth bending the voice for. */
const DEAD_BAND_S = 0.012;
/** A frame of Opus, and the sound card's buffers on both sides, which no statistic shows. */
export const VOICE_FIXED_S = 0.03;

/** What the line takes by itself, from microphone to sender, beyond the microphone sent as it is (measured in Chromium). */
const LINE_S = 0.02;

/** What is known about a pair of picture and voice, seconds. */
export interface LipTimes {
  /** Camera to the performer's sender: the leg's loop. */
  loop: number;
  /** Performer's sender to the receiver's display. */
  video: number;
  /** Performer's sender to the receiver's loudspeaker, without the delay this module adds. */
  voice: number;
}

/** The delay the voice should have, seconds; `present` is what it has now. */
export function wantedDelay({ loop, video, voice }: LipTimes, present: number): number {
  const lead = loop + video - voice;
  // Once delayed, stay until the lead is clearly gone, or the voice would waver around the threshold.
  const threshold = present > 0 ? NOTICEABLE_S - DEAD_BAND_S : NOTICEABLE_S;
  if (lead <= threshold) return 0;
  const wanted = Math.min(LONGEST_DELAY_S, lead);
  return Math.abs(wanted - present) <= DEAD_BAND_S ? present : wanted;
}

export class VoiceDelay {
  readonly #context: AudioContext;
  readonly #delay: DelayNode;
  readonly #destination: MediaStreamAudioDestinationNode;
  #source: MediaStreamAudioSourceNode | null = null;
  #seconds = 0;
  #settledAt = 0;

  constructor(context: AudioContext) {
    this.#context = context;
    this.#delay = context.createDelay(LONGEST_DELAY_S + 0.05);
    this.#destination = context.createMediaStreamDestination();
    this.#delay.connect(this.#destination);
  }

  /** What goes to the other participant. */
  get track(): MediaStreamTrack {
    const [track] = this.#destination.stream.getAudioTracks();
    if (track === undefined) throw new Error("got no audio track from the destination, expected one");
    return track;
  }

  /** The delay in force or being slewed to, seconds. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Whether anything is held back, or still on its way to being let go. */
  get holding(): boolean {
    return this.#seconds > 0 || this.#context.currentTime < this.#settledAt;
  }

  setMicrophone(microphone: MediaStreamTrack | null): void {
    this.#source?.disconnect();
    this.#source =
      microphone === null ? null : this.#context.createMediaStreamSource(new MediaStream([microphone]));
    this.#source?.connect(this.#delay);
  }

  /** Follow the picture: called about once a second with what is known. */
  follow(times: LipTimes): void {
    this.#slewTo(wantedDelay(times, this.#seconds));
  }

  /** No face is worn: nothing is held back. */
  release(): void {
    this.#slewTo(0);
  }

  close(): void {
    this.#source?.disconnect();
    this.#delay.disconnect();
    this.track.stop();
  }

  #slewTo(seconds: number): void {
    if (seconds === this.#seconds) return;
    const parameter = this.#delay.delayTime;
    const now = this.#context.currentTime;
    const from = parameter.value;
    const to = Math.max(0, seconds - LINE_S);
    parameter.cancelScheduledValues(now);
    parameter.setValueAtTime(from, now);
    this.#settledAt = now + Math.abs(to - from) / SLEW_PER_S;
    parameter.linearRampToValueAtTime(to, this.#settledAt);
    this.#seconds = seconds;
  }
}
