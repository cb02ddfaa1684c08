"use client";

import { useEffect, useRef, useState } from "react";
import styles from "./video.module.css";

/**
 * A muted video that shows one track, whichever it is at the moment.
 *
 * When the track changes the old one stays on the screen until the new one has its first frame, so that changing between
 * a face and a card does not flash black.
 */
export function TrackVideo({
  track,
  label,
  mirrored = false,
  testId,
}: {
  track: MediaStreamTrack | null;
  label: string;
  mirrored?: boolean;
  testId: string;
}) {
  const [ready, setReady] = useState(track);
  const layers = [...new Set([ready, track])];
  return (
    <div className={styles.layers} data-mirrored={mirrored}>
      {layers.map((layer) => (
        <Layer
          key={layer?.id ?? "none"}
          track={layer}
          label={label}
          testId={layer === track ? testId : undefined}
          onReady={() => setReady(layer)}
        />
      ))}
    </div>
  );
}

function Layer({
  track,
  label,
  testId,
  onReady,
}: {
  track: MediaStreamTrack | null;
  label: string;
  testId: string | undefined;
  onReady(): void;
}) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (video === null) return;
    video.srcObject = track === null ? null : new MediaStream([track]);
    if (track !== null) void video.play().catch(() => undefined);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  return (
    <video
      ref={ref}
      aria-label={testId === undefined ? undefined : label}
      aria-hidden={testId === undefined}
      data-testid={testId}
      onLoadedData={onReady}
      muted
      autoPlay
      playsInline
    />
  );
}
