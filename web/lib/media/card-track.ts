/**
 * A drawn card as a video track: what others see while there is no face to show.
 *
 * While it is shown a frame of it is sent ten times a second, so that a receiver gets a keyframe soon and no watchdog takes
 * it for dead. The tick comes from a worker, and Chromium's frames from a generator, since neither animation frames nor a
 * canvas capture can be relied on in a hidden tab.
 */

import { CardTrack } from "@/lib/rtc/outgoing-video";
import { startTicker } from "./ticker";

export const CARD_WIDTH = 640;
export const CARD_HEIGHT = 480;
const CARD_INTERVAL_MS = 100;
/** Obangsaek, left to right; the first is also what the canvas is left painting with. */
const STRIPES = ["#2b5c9b", "#c23b34", "#e0b13c", "#f4efe2", "#0e1015"] as const;

type Generator = MediaStreamTrack & { writable: WritableStream<VideoFrame> };
type GeneratorConstructor = new (init: { kind: "video" }) => Generator;

export class CardPainter {
  readonly card: CardTrack;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #emit: () => void;
  readonly #stopTicker: () => void;
  #shown = true;
  #lines: readonly string[] = [];

  constructor(lines: readonly string[]) {
    this.#canvas = document.createElement("canvas");
    this.#canvas.width = CARD_WIDTH;
    this.#canvas.height = CARD_HEIGHT;
    const context = this.#canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("got no 2d canvas context, expected one to draw the card on");
    this.#context = context;
    const { track, emit } = canvasSource(this.#canvas);
    this.card = new CardTrack(track);
    this.#emit = emit;
    this.setText(lines);
    this.#stopTicker = startTicker(CARD_INTERVAL_MS, () => {
      if (this.#shown) emit();
    });
  }

  /** What the card says to the other person. */
  setText(lines: readonly string[]): void {
    this.#lines = lines;
    this.#paint();
  }

  /** Whether anybody is shown the card now; frames are made only then. */
  setShown(shown: boolean): void {
    if (shown && !this.#shown) this.#emit();
    this.#shown = shown;
  }

  stop(): void {
    this.#stopTicker();
    this.card.track.stop();
  }

  #paint(): void {
    const context = this.#context;
    context.fillStyle = "#1b1f27";
    context.fillRect(0, 0, CARD_WIDTH, CARD_HEIGHT);
    drawMask(context, CARD_WIDTH / 2, CARD_HEIGHT * 0.4, 74);
    STRIPES.forEach((colour, index) => {
      context.fillStyle = colour;
      context.fillRect((CARD_WIDTH / 5) * index, CARD_HEIGHT - 10, CARD_WIDTH / 5, 10);
    });
    context.fillStyle = "#f4efe2";
    context.font = "27px 'Apple SD Gothic Neo', 'Noto Sans KR', 'Noto Sans CJK KR', system-ui, sans-serif";
    context.textAlign = "center";
    this.#lines.forEach((line, index) => {
      context.fillText(line, CARD_WIDTH / 2, CARD_HEIGHT * 0.74 + index * 38, CARD_WIDTH - 48);
    });
    context.fillStyle = STRIPES[0];
    this.#emit();
  }
}

/** The project's mask in a few strokes: a face that is openly none. */
function drawMask(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.save();
  context.translate(x, y);
  context.scale(size / 50, size / 50);
  context.fillStyle = "#efe6d0";
  context.beginPath();
  context.moveTo(-40, -34);
  context.bezierCurveTo(-24, -56, 24, -56, 40, -34);
  context.bezierCurveTo(48, 6, 26, 56, 0, 60);
  context.bezierCurveTo(-26, 56, -48, 6, -40, -34);
  context.fill();
  context.strokeStyle = "#1b1f27";
  context.lineWidth = 4;
  context.lineCap = "round";
  const arc = (cx: number, cy: number, radius: number, from: number, to: number): void => {
    context.beginPath();
    context.arc(cx, cy, radius, from, to);
    context.stroke();
  };
  arc(-18, -6, 11, Math.PI * 1.1, Math.PI * 1.9);
  arc(18, -6, 11, Math.PI * 1.1, Math.PI * 1.9);
  arc(0, 18, 20, Math.PI * 0.15, Math.PI * 0.85);
  context.fillStyle = "#c23b34";
  for (const [cx, cy] of [
    [-25, 14],
    [25, 14],
    [0, -34],
  ] as const) {
    context.beginPath();
    context.arc(cx, cy, 6, 0, Math.PI * 2);
    context.fill();
  }
  context.restore();
}

function canvasSource(canvas: HTMLCanvasElement): { track: MediaStreamTrack; emit: () => void } {
  const { MediaStreamTrackGenerator } = globalThis as { MediaStreamTrackGenerator?: GeneratorConstructor };
  if (MediaStreamTrackGenerator === undefined) {
    const [track] = canvas.captureStream().getVideoTracks();
    if (track === undefined) throw new Error("got no track from the canvas, expected one");
    const context = canvas.getContext("2d");
    // A capture gives a frame when something was drawn: one pixel of its own colour will do.
    return { track, emit: () => context?.fillRect(0, CARD_HEIGHT - 1, 1, 1) };
  }
  const generator = new MediaStreamTrackGenerator({ kind: "video" });
  const writer = generator.writable.getWriter();
  const emit = (): void => {
    // One frame at a time: a generator nobody reads from must not collect frames.
    if ((writer.desiredSize ?? 0) <= 0) return;
    const frame = new VideoFrame(canvas, { timestamp: Math.round(performance.now() * 1000) });
    writer.write(frame).catch(() => frame.close());
  };
  return { track: generator, emit };
}
