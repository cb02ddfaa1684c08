"use client";

import { useEffect, useRef } from "react";

/** A muted video that shows one track, whichever it is at the moment. */
export function TrackVideo({
  track,
  label,
  className,
  testId,
}: {
  track: MediaStreamTrack | null;
  label: string;
  className?: string;
  testId: string;
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
      className={className}
      aria-label={label}
      data-testid={testId}
      muted
      autoPlay
      playsInline
    />
  );
}
