"use client";

import { type RefObject, useEffect, useRef } from "react";
import { useI18n } from "@/i18n";
import type { CallSession } from "@/lib/rtc/call-session";
import type { Way } from "@/lib/rtc/relay-choice";
import styles from "./call.module.css";

/**
 * The other participant's picture by one way.
 *
 * While there are two, both play, one of them unseen: changing over shows a picture that is there already.
 */
export function RemotePicture({
  session,
  way,
  stream,
  shown,
  visible,
  made,
  shownRef,
}: {
  session: CallSession;
  way: Way;
  /** null while nothing by this way may be put on the screen. */
  stream: MediaStream | null;
  /** Whether this is the way by which they are shown, and whether there is anything to see of it. */
  shown: boolean;
  visible: boolean;
  /** Whether it is of a worn face. */
  made: boolean;
  /** Set to the element by which they are shown. */
  shownRef: RefObject<HTMLVideoElement | null>;
}) {
  const { t } = useI18n();
  const ref = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    const video = ref.current;
    if (video === null) return;
    video.srcObject = stream;
    if (stream === null) return;
    void video.play().catch(() => undefined); // muted video may always play
    return session.meter(video, way);
  }, [session, stream, way]);

  useEffect(() => {
    if (shown) shownRef.current = ref.current;
  }, [shown, shownRef]);

  return (
    <video
      ref={ref}
      className={styles.remoteVideo}
      data-visible={visible}
      data-made={made}
      data-way={way}
      data-testid={shown ? "remote-video" : undefined}
      aria-label={shown ? t("call.remoteVideo") : undefined}
      aria-hidden={!shown}
      muted
      autoPlay
      playsInline
    />
  );
}
