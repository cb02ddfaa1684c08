/**
 * Every frame of a track, in visible and hidden tabs alike.
 *
 * Chromium: MediaStreamTrackProcessor reads the track itself, whatever the page shows. Elsewhere
 * requestVideoFrameCallback tells while the page is visible, and a counter of decoded frames while it is hidden.
 */

import { startTicker } from "./ticker";

type Processor = { readable: ReadableStream<VideoFrame> };
type ProcessorConstructor = new (init: { track: MediaStreamTrack; maxBufferSize?: number }) => Processor;

/** Call `onFrame` with performance.now() for each frame of `track`. Returns how to stop. */
export function watchFrames(
  track: MediaStreamTrack,
  onFrame: (at: number) => void,
  countDecoded?: () => Promise<number>,
): () => void {
  const { MediaStreamTrackProcessor } = globalThis as { MediaStreamTrackProcessor?: ProcessorConstructor };
  return MediaStreamTrackProcessor !== undefined
    ? readFrames(new MediaStreamTrackProcessor({ track, maxBufferSize: 1 }), onFrame)
    : pollFrames(track, onFrame, countDecoded);
}

function readFrames(processor: Processor, onFrame: (at: number) => void): () => void {
  const reader = processor.readable.getReader();
  const pump = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      value.close();
      onFrame(performance.now());
    }
  };
  pump().catch(() => undefined); // cancelled, or the track has ended: silence is what the watchdog notices
  return () => void reader.cancel().catch(() => undefined);
}

function pollFrames(
  track: MediaStreamTrack,
  onFrame: (at: number) => void,
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
      onFrame(performance.now());
      again();
    });
  };
  again();
  let decoded = 0;
  const stopTicker = startTicker(100, () => {
    const visible = document.visibilityState === "visible" && "requestVideoFrameCallback" in video;
    if (visible || countDecoded === undefined) return;
    void countDecoded().then((count) => {
      if (!stopped && count > decoded) onFrame(performance.now());
      decoded = count;
    });
  });
  return () => {
    stopped = true;
    stopTicker();
    video.srcObject = null;
  };
}
