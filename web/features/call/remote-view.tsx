"use client";

import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { Mask } from "@/components/ui/mask";
import { type Key, useI18n } from "@/i18n";
import type { BadgeState } from "@/lib/disclosure/badge-watch";
import type { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot, RemoteSnapshot } from "@/lib/rtc/call-snapshot";
import styles from "./call.module.css";
import { CopyLink } from "./copy-link";
import { Disclosure, isDisclosed } from "./disclosure";
import { DisclosureGate } from "./disclosure-gate";
import { Receipt } from "./receipt";
import { RemotePicture } from "./remote-picture";
import { useBadge } from "./use-badge";

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
  const gate = remote?.disclosed.gate ?? null;
  const mayShow = gate?.state === "open" && remote?.hasVideo === true;
  const showsVideo = mayShow && remote.state.camera;
  // Without a camera there is no picture to ask about; a connection in the making says so itself.
  const gated =
    gate !== null &&
    gate.state !== "open" &&
    remote?.state.camera === true &&
    (key === null || gate.state === "ask" || gate.state === "failed");
  const [badge, setBadge] = useState<BadgeState>("unknown");
  return (
    <section className={styles.stage} aria-label={t("call.remoteVideo")}>
      {remote !== null && (
        <RemoteMedia
          session={session}
          remote={remote}
          speaker={speaker}
          mayShow={mayShow}
          visible={showsVideo}
          onBadge={setBadge}
        />
      )}
      {!showsVideo && !gated && (
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
      {gated && <DisclosureGate gate={gate} onShow={() => session.acknowledge(remote.peer)} />}
      {remote !== null && isDisclosed(remote.state) && <Disclosure remote={remote} badge={badge} />}
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
  mayShow,
  visible,
  onBadge,
}: {
  session: CallSession;
  remote: RemoteSnapshot;
  speaker: string;
  /** Whether the picture may be put on the screen at all. */
  mayShow: boolean;
  visible: boolean;
  onBadge(state: BadgeState): void;
}) {
  const { t } = useI18n();
  const shownRef = useRef<HTMLVideoElement>(null);
  const audioRef = useRef<HTMLAudioElement>(null);
  const [blocked, setBlocked] = useState(false);
  const { relay } = remote;
  const byServer = relay?.way === "server";

  const tags = remote.state.ownFace ? null : remote.disclosed.tags.join(" ");
  const badge = useBadge(shownRef, visible, tags);
  useEffect(() => onBadge(badge), [onBadge, badge]);

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
      <RemotePicture
        session={session}
        way="client"
        stream={mayShow ? remote.video : null}
        shown={!byServer}
        visible={visible && !byServer}
        made={remote.state.face !== null}
        shownRef={shownRef}
      />
      {relay !== null && (
        <RemotePicture
          session={session}
          way="server"
          stream={mayShow && relay.mayShow ? relay.video : null}
          shown={byServer}
          visible={visible && byServer}
          made
          shownRef={shownRef}
        />
      )}
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
            void shownRef.current?.play();
          }}
        >
          <Icon name="play" /> {t("call.tapToPlay")}
        </Button>
      )}
    </>
  );
}
