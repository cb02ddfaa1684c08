/**
 * How long a frame takes from the camera to the face worker and back, measured on the pictures themselves.
 *
 * Neither RTP nor WebRTC statistics carry the time of a frame through a transforming peer, so what was sent and what came
 * back are compared: around the face both show the same scene. Every few seconds one second of tiny grey pictures of
 * either side is kept; with the mean picture of each side taken off (which removes the exchanged face and the light), each
 * returned picture is matched with the captured one that moved alike. The median difference of their times is the loop
 * delay, with everything in it: encoders, network, jitter buffers, the networks' work. A scene in which nothing moves
 * gives no answer, and the last one stays.
 */

import { type SeenFrame, watchFrames } from "@/lib/media/frame-clock";

export const PICTURE_WIDTH = 32;
export const PICTURE_HEIGHT = 24;

export interface Picture {
  /** ms */
  at: number;
  /** Grey values 0..255, PICTURE_WIDTH x PICTURE_HEIGHT. */
  grey: Float32Array;
}

const BURST_MS = 1_000;
const PAUSE_MS = 3_000;
const LONGEST_LOOP_MS = 800;
const FEWEST_PICTURES = 8;
/** Mean absolute movement, grey levels a pixel, under which a burst says nothing. */
const LEAST_MOVEMENT = 0.4;
/** The right lag must fit clearly better than the average one. */
const LEAST_CONTRAST = 0.88;

/** Camera-to-return delay in ms from pictures of both sides, or null when they do not tell. */
export function matchDelay(captured: readonly Picture[], returned: readonly Picture[]): number | null {
  if (captured.length < FEWEST_PICTURES || returned.length < FEWEST_PICTURES) return null;
  const sent = withoutMean(captured);
  const back = withoutMean(returned);
  if (movement(sent) < LEAST_MOVEMENT) return null;
  const lag = bestLag(sent, back);
  if (lag === null) return null;
  const delays = back.flatMap((picture) => {
    const near = sent.filter((candidate) => Math.abs(picture.at - candidate.at - lag) <= 60);
    const match = closest(picture, near);
    return match === null ? [] : [picture.at - match.at];
  });
  return delays.length >= FEWEST_PICTURES / 2 ? median(delays) : null;
}

function bestLag(sent: readonly Picture[], back: readonly Picture[]): number | null {
  let best: { lag: number; cost: number } | null = null;
  let sum = 0;
  let tried = 0;
  for (let lag = 0; lag <= LONGEST_LOOP_MS; lag += 10) {
    const cost = costAt(sent, back, lag);
    if (cost === null) continue;
    sum += cost;
    tried += 1;
    if (best === null || cost < best.cost) best = { lag, cost };
  }
  if (best === null || tried < 5) return null;
  return best.cost < (sum / tried) * LEAST_CONTRAST ? best.lag : null;
}

function costAt(sent: readonly Picture[], back: readonly Picture[], lag: number): number | null {
  let sum = 0;
  let pairs = 0;
  for (const picture of back) {
    const other = nearestInTime(sent, picture.at - lag);
    if (other === null) continue;
    sum += difference(picture.grey, other.grey);
    pairs += 1;
  }
  return pairs >= FEWEST_PICTURES / 2 ? sum / pairs : null;
}

function nearestInTime(pictures: readonly Picture[], at: number): Picture | null {
  let nearest: Picture | null = null;
  for (const picture of pictures) {
    if (nearest === null || Math.abs(picture.at - at) < Math.abs(nearest.at - at)) nearest = picture;
  }
  return nearest !== null && Math.abs(nearest.at - at) <= 40 ? nearest : null;
}

function closest(picture: Picture, candidates: readonly Picture[]): Picture | null {
  let best: { picture: Picture; cost: number } | null = null;
  for (const candidate of candidates) {
    const cost = difference(picture.grey, candidate.grey);
    if (best === null || cost < best.cost) best = { picture: candidate, cost };
  }
  return best?.picture ?? null;
}

function withoutMean(pictures: readonly Picture[]): Picture[] {
  const length = pictures[0]?.grey.length ?? 0;
  const mean = new Float32Array(length);
  for (const { grey } of pictures) {
    for (let index = 0; index < length; index += 1) {
      mean[index] = (mean[index] ?? 0) + (grey[index] ?? 0) / pictures.length;
    }
  }
  return pictures.map(({ at, grey }) => ({
    at,
    grey: grey.map((value, index) => value - (mean[index] ?? 0)),
  }));
}

function movement(pictures: readonly Picture[]): number {
  const sum = pictures.reduce(
    (total, { grey }) => total + grey.reduce((all, value) => all + Math.abs(value), 0) / grey.length,
    0,
  );
  return sum / pictures.length;
}

function difference(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += Math.abs((a[index] ?? 0) - (b[index] ?? 0));
  return sum / a.length;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export class LoopDelay {
  #seconds: number | null = null;
  #captured: Picture[] = [];
  #returned: Picture[] = [];
  #burstFrom = 0;
  #context: CanvasRenderingContext2D | null = null;
  #camera: MediaStreamTrack | null = null;
  #stopWatching: (() => void) | null = null;

  /** Seconds; null until a burst with movement has been seen. */
  get seconds(): number | null {
    return this.#seconds;
  }

  /** What goes to the face worker; it is looked at during bursts only. */
  setCamera(camera: MediaStreamTrack | null): void {
    this.#camera = camera;
    this.reset();
  }

  /** Another leg, or another camera: what was measured is void. */
  reset(): void {
    this.#unwatch();
    this.#seconds = null;
    this.#captured = [];
    this.#returned = [];
    this.#burstFrom = 0;
  }

  /** A frame came back from the worker. */
  returned(frame: SeenFrame): void {
    if (this.#burstFrom === 0) this.#burstFrom = frame.at;
    const age = frame.at - this.#burstFrom;
    if (age < 0 || this.#camera === null) return;
    this.#stopWatching ??= watchFrames(this.#camera, (seen) => this.#watched(seen));
    if (age > BURST_MS + LONGEST_LOOP_MS / 2) {
      this.#finish(frame.at);
      return;
    }
    const picture = this.#shrink(frame);
    if (picture !== null) this.#returned.push(picture);
  }

  #watched(frame: SeenFrame): void {
    if (frame.at - this.#burstFrom > BURST_MS) return;
    const picture = this.#shrink(frame);
    if (picture !== null) this.#captured.push(picture);
  }

  #unwatch(): void {
    this.#stopWatching?.();
    this.#stopWatching = null;
  }

  #finish(now: number): void {
    this.#unwatch();
    const delay = matchDelay(this.#captured, this.#returned);
    if (delay !== null) {
      // Half old, half new: one odd burst does not make the figure on the screen jump.
      this.#seconds = this.#seconds === null ? delay / 1000 : (this.#seconds + delay / 1000) / 2;
    }
    this.#captured = [];
    this.#returned = [];
    this.#burstFrom = now + (this.#seconds === null ? 0 : PAUSE_MS);
  }

  #shrink({ at, image }: SeenFrame): Picture | null {
    if (image === null) return null;
    if (this.#context === null) {
      const canvas = document.createElement("canvas");
      canvas.width = PICTURE_WIDTH;
      canvas.height = PICTURE_HEIGHT;
      this.#context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
      if (this.#context === null) return null;
    }
    this.#context.drawImage(image, 0, 0, PICTURE_WIDTH, PICTURE_HEIGHT);
    const { data } = this.#context.getImageData(0, 0, PICTURE_WIDTH, PICTURE_HEIGHT);
    const grey = new Float32Array(PICTURE_WIDTH * PICTURE_HEIGHT);
    for (let index = 0; index < grey.length; index += 1) {
      const at4 = index * 4;
      grey[index] = 0.299 * (data[at4] ?? 0) + 0.587 * (data[at4 + 1] ?? 0) + 0.114 * (data[at4 + 2] ?? 0);
    }
    return { at, grey };
  }
}
