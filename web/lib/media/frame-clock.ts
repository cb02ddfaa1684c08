/**
 * Every frame of a track, in visible and hidden tabs alike.
 *
 * Chromium: MediaStreamTrackProcessor reads the track itself, whatever the page shows. Elsewhere
 * requestVideoFrameCallback tells while the page is visible, and a counter of decoded frames while it is hidden.
 */

import { startTicker } from "./ticker";

/** One frame; `image` can be drawn while the callback runs and is absent where no frame can be read. */
export interface SeenFrame {
  /** performance.now() at which the frame reached the page, ms. */
  at: number;
  image: CanvasImageSource | null;
}

type Processor = { readable: ReadableStream<VideoFrame> };
type ProcessorConstructor = new (init: { track: MediaStreamTrack; maxBufferSize?: number }) => Processor;

/** Call `onFrame` for each frame of `track`. Returns how to stop. */
export function watchFrames(
  track: MediaStreamTrack,
  onFrame: (frame: SeenFrame) => void,
  countDecoded?: () => Promise<number>,
): () => void {
  const { MediaStreamTrackProcessor } = globalThis as { MediaStreamTrackProcessor?: ProcessorConstructor };
  return MediaStreamTrackProcessor !== undefined
    ? readFrames(new MediaStreamTrackProcessor({ track, maxBufferSize: 1 }), onFrame)
    : pollFrames(track, onFrame, countDecoded);
}

function readFrames(processor: Processor, onFrame: (frame: SeenFrame) => void): () => void {
  const reader = processor.readable.getReader();
  const pump = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      try {
        onFrame({ at: performance.now(), image: value });
      } finally {
        value.close();
      }
    }
  };
  pump().catch(() => undefined); // cancelled, or the track has ended: silence is what the watchdog notices
  return () => void reader.cancel().catch(() => undefined);
}

function pollFrames(
  track: MediaStreamTrack,
  onFrame: (frame: SeenFrame) => void,
  countDecoded: (() => Promise<number>) | undefined,
): () => void {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  void video.play().catch(() => undefined);
  let stopped = false;
  const again = (): void => {
    video.requestVideoFrameCallback?.(() => {
      if (stopped) return;
      onFrame({ at: performance.now(), image: video });
      again();
    });
  };
  again();
  let decoded = 0;
  const stopTicker = startTicker(100, () => {
    const visible = document.visibilityState === "visible" && "requestVideoFrameCallback" in video;
    if (visible || countDecoded === undefined) return;
    void countDecoded().then((count) => {
      if (!stopped && count > decoded) onFrame({ at: performance.now(), image: null });
      decoded = count;
    });
  });
  return () => {
    stopped = true;
    stopTicker();
    video.srcObject = null;
  };
}
