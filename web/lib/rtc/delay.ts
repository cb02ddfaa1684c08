/**
 * The delay from capture to display of the other participant's picture, in three measured parts.
 *
 *   loop     camera -> face worker -> back at the performer; measured by both of them (loop-delay.ts) and told over the
 *            data channel `talchum-delay`. Zero where no face is worn.
 *   passage  performer's sender -> this display: `expectedDisplayTime - captureTime` of requestVideoFrameCallback.
 *            captureTime of a remote frame is the sender's, brought to this clock by RTCP sender reports and the round
 *            trip (https://wicg.github.io/video-rvfc/#dom-videoframecallbackmetadata-capturetime).
 *   relayed  A returned track that is sent on carries the time at which the *face worker* captured it, so captureTime would
 *            count the way back from the worker twice. For a worn face, and where a browser has no captureTime
 *            (Firefox): what the performer's encoder and pacer take (told with the loop), half the round trip, and
 *            `expectedDisplayTime - receiveTime`.
 *
 * By server relay the picture comes straight from the face worker: the loop without `returning`, its part behind the
 * worker's encoder, and a passage that begins there.
 *
 * Over the same channel the receiver says how old picture and voice are when they are seen and heard, from which the
 * performer delays the voice (voice-delay.ts).
 */

export const DELAY_CHANNEL = { label: "talchum-delay", id: 101 } as const;

/** Performer to receiver, once a second. Seconds; null: not known yet. */
export interface LoopMessage {
  type: "loop";
  seconds: number | null;
  /** The part of it that follows the face worker's encoder. */
  returning: number | null;
  /** What the sender's encoder and pacer take. */
  sending: number | null;
}

/** Receiver to performer, once a second: the age of picture and voice since they left the performer, seconds. */
export interface PassageMessage {
  type: "passage";
  video: number;
  voice: number;
}

export type DelayMessage = LoopMessage | PassageMessage;

const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 && value < 60;

const isTimeOrNull = (value: unknown): value is number | null => value === null || isTime(value);

/** One message of the other participant, or null for anything else. */
export function decodeDelayMessage(data: unknown): DelayMessage | null {
  if (typeof data !== "string" || data.length > 512) return null;
  let fields: Record<string, unknown>;
  try {
    fields = Object(JSON.parse(data)) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { seconds, returning, sending } = fields;
  if (fields.type === "loop" && isTimeOrNull(seconds) && isTimeOrNull(returning) && isTimeOrNull(sending)) {
    return { type: "loop", seconds, returning, sending };
  }
  if (fields.type === "passage" && isTime(fields.video) && isTime(fields.voice)) {
    return { type: "passage", video: fields.video, voice: fields.voice };
  }
  return null;
}

interface FrameTimes {
  expectedDisplayTime: number;
  captureTime?: number;
  receiveTime?: number;
}

/** Encoder and pacer, until the sender has told. */
export const UNTOLD_SENDING_SECONDS = 0.015;
const KEPT_FRAMES = 60;

export class PassageMeter {
  #recent: number[] = [];
  #roundTripTime = 0;
  #relayed = false;
  #sending: number | null = null;

  /** Whether the sender relays a returned track, and what its encoder and pacer take, seconds. */
  setSender(relayed: boolean, sending: number | null): void {
    if (relayed !== this.#relayed) this.reset();
    this.#relayed = relayed;
    this.#sending = sending;
  }

  /** seconds */
  setRoundTripTime(seconds: number): void {
    this.#roundTripTime = seconds;
  }

  /** One displayed frame, times in ms of performance.now(). */
  displayed({ expectedDisplayTime, captureTime, receiveTime }: FrameTimes): void {
    const passage =
      captureTime !== undefined && !this.#relayed
        ? (expectedDisplayTime - captureTime) / 1000
        : receiveTime !== undefined
          ? (expectedDisplayTime - receiveTime) / 1000 +
            this.#roundTripTime / 2 +
            (this.#sending ?? UNTOLD_SENDING_SECONDS)
          : null;
    if (passage === null || passage < 0 || passage > 30) return; // before the first sender report, or a clock that jumped
    this.#recent.push(passage);
    if (this.#recent.length > KEPT_FRAMES) this.#recent.shift();
  }

  reset(): void {
    this.#recent = [];
  }

  /** Median over the last frames, seconds; null before the first. */
  get seconds(): number | null {
    return this.#recent.length === 0 ? null : median(this.#recent);
  }
}

/** Follow the frames that a video element displays. Returns how to stop. */
export function meterDisplayed(video: HTMLVideoElement, meter: PassageMeter): () => void {
  let handle = 0;
  const next = (): void => {
    handle = video.requestVideoFrameCallback?.((_now, metadata) => {
      meter.displayed(metadata);
      next();
    });
  };
  next();
  return () => video.cancelVideoFrameCallback?.(handle);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
