import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { drawing, type FakeTrack } from "@/testing/fake-media";
import { CardPainter } from "./card-track";

/** A 2d context that only remembers the words. */
function paper(): { context: unknown; words: string[]; drawn: () => number } {
  const words: string[] = [];
  let rectangles = 0;
  const context = new Proxy(
    {
      fillText: (text: string) => words.push(text),
      fillRect: () => {
        rectangles += 1;
      },
    } as Record<string, unknown>,
    { get: (target, name: string) => target[name] ?? (() => undefined), set: () => true },
  );
  return { context, words, drawn: () => rectangles };
}

describe("CardPainter", () => {
  let sheet: ReturnType<typeof paper>;
  let track: FakeTrack;

  beforeEach(() => {
    vi.useFakeTimers();
    sheet = paper();
    track = drawing();
    const canvas = HTMLCanvasElement.prototype as unknown as Record<string, unknown>;
    canvas.getContext = () => sheet.context;
    canvas.captureStream = () => ({ getVideoTracks: () => [track] });
  });

  afterEach(() => vi.useRealTimers());

  it("says its lines, and others when told", () => {
    const painter = new CardPainter(["one", "하나"]);
    painter.setText(["two"]);
    expect(sheet.words).toEqual(["one", "하나", "two"]);
    painter.stop();
    expect(track.readyState).toBe("ended");
  });

  it("makes frames while it is shown, at once and then ten a second, and none otherwise", () => {
    const painter = new CardPainter(["one"]);
    painter.setShown(false);
    const before = sheet.drawn();
    vi.advanceTimersByTime(1_000);
    expect(sheet.drawn()).toBe(before);
    painter.setShown(true);
    expect(sheet.drawn()).toBe(before + 1);
    vi.advanceTimersByTime(1_000);
    expect(sheet.drawn()).toBe(before + 11);
    painter.stop();
  });

  it("goes on over a generator in a browser that has one, without queueing frames", async () => {
    const writes: { closed: boolean }[] = [];
    let desiredSize = 1;
    vi.stubGlobal(
      "MediaStreamTrackGenerator",
      class {
        getSettings = () => ({});
        stop(): void {}
        writable = {
          getWriter: () => ({
            get desiredSize() {
              return desiredSize;
            },
            write: async (frame: { closed: boolean }) => writes.push(frame),
          }),
        };
      },
    );
    vi.stubGlobal("VideoFrame", class {});
    const painter = new CardPainter(["one"]);
    vi.advanceTimersByTime(300);
    expect(writes).toHaveLength(4);
    desiredSize = 0;
    vi.advanceTimersByTime(1_000);
    expect(writes).toHaveLength(4);
    painter.stop();
  });
});
