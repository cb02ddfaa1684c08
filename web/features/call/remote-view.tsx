"use client";

import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { Mask } from "@/components/ui/mask";
import { type Key, useI18n } from "@/i18n";
import type { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot, RemoteSnapshot } from "@/lib/rtc/call-snapshot";
import styles from "./call.module.css";
import { CopyLink } from "./copy-link";
import { Disclosure, isDisclosed } from "./disclosure";
import { Receipt } from "./receipt";

/** The other participant, or why there is nobody to see. */
export function RemoteView({
  session,
  snapshot,
  speaker,
}: {
  session: CallSession;
  snapshot: CallSnapshot;
  speaker: string;
}) {
  const { t } = useI18n();
  const { remote } = snapshot;
  const key = stageKey(snapshot);
  const showsVideo = remote?.hasVideo === true && remote.state.camera;
  return (
    <section className={styles.stage} aria-label={t("call.remoteVideo")}>
      {remote !== null && (
        <RemoteMedia session={session} remote={remote} speaker={speaker} visible={showsVideo} />
      )}
      {!showsVideo && (
        <div className={styles.empty}>
          <Mask className={styles.emptyMask} />
        </div>
      )}
      <p
        role="status"
        className={styles.stageStatus}
        data-testid="status-message"
        data-status={key ?? "none"}
      >
        {key === null ? "" : t(key)}
      </p>
      {remote === null && (
        <div className={styles.invite}>
          <p>{t("call.waitingHint")}</p>
          <CopyLink />
          {snapshot.endedBy !== null && <Receipt left={snapshot.endedBy} />}
        </div>
      )}
      {remote !== null && isDisclosed(remote.state) && <Disclosure state={remote.state} />}
    </section>
  );
}

/** The one thing to say about the other side; null when they are simply there. */
export function stageKey({ remote, departed, signalling }: CallSnapshot): Key | null {
  if (signalling !== "open" && remote?.link !== "connected") return "call.signallingLost";
  if (remote === null) {
    if (departed === null) return "call.waiting";
    return departed === "left" ? "call.remoteLeft" : "call.remoteLost";
  }
  const { state, link, present } = remote;
  if (link === "reconnecting") return present ? "call.reconnecting" : "call.remoteAway";
  if (link !== "connected") {
    if (!present) return "call.remoteAway";
    return state.face === null && !state.ownFace && !state.camera ? "call.remoteLobby" : "call.connecting";
  }
  return state.camera ? null : "call.remoteCameraOff";
}

function RemoteMedia({
  session,
  remote,
  speaker,
  visible,
}: {
  session: CallSession;
  remote: RemoteSnapshot;
  speaker: string;
  visible: boolean;
}) {
  const { t } = useI18n();
  const videoRef = useRef<HTMLVideoElement>(null);
  const audioRef = useRef<HTMLAudioElement>(null);
  const [blocked, setBlocked] = useState(false);

  useEffect(() => {
    const video = videoRef.current;
    if (video === null) return;
    video.srcObject = remote.hasVideo ? remote.video : null;
    void video.play().catch(() => undefined); // muted video may always play
    return session.meter(video);
  }, [session, remote.video, remote.hasVideo]);

  useEffect(() => {
    const audio = audioRef.current;
    if (audio === null) return;
    audio.srcObject = remote.voice;
    audio.play().then(
      () => setBlocked(false),
      (error: unknown) => setBlocked(error instanceof DOMException && error.name === "NotAllowedError"),
    );
  }, [remote.voice]);

  useEffect(() => {
    const audio = audioRef.current as (HTMLAudioElement & { setSinkId?(id: string): Promise<void> }) | null;
    // A loudspeaker that was unplugged meanwhile: the standard one goes on.
    if (speaker !== "") void audio?.setSinkId?.(speaker).catch(() => undefined);
  }, [speaker]);

  return (
    <>
      <video
        ref={videoRef}
        className={styles.remoteVideo}
        data-visible={visible}
        data-testid="remote-video"
        aria-label={t("call.remoteVideo")}
        muted
        autoPlay
        playsInline
      />
      {/* biome-ignore lint/a11y/useMediaCaption: a live conversation has no captions */}
      <audio ref={audioRef} autoPlay data-testid="remote-audio" />
      {!remote.state.microphone && remote.link === "connected" && (
        <p className={styles.theyAreMuted}>
          <Icon name="microphone-off" size={18} /> {t("call.microphoneMuted")}
        </p>
      )}
      {blocked && (
        <Button
          look="primary"
          className={styles.tapToPlay}
          data-testid="tap-to-play"
          onClick={() => {
            void audioRef.current?.play().then(() => setBlocked(false));
            void videoRef.current?.play();
          }}
        >
          <Icon name="play" /> {t("call.tapToPlay")}
        </Button>
      )}
    </>
  );
}
