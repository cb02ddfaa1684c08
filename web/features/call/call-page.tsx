"use client";

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Button } from "@/components/ui/button";
import { Trouble } from "@/components/ui/trouble";
import { useIdentities } from "@/features/identities/use-identities";
import { Lobby } from "@/features/lobby/lobby";
import { useTalchumStats } from "@/features/stats/use-talchum-stats";
import { failureText, useI18n } from "@/i18n";
import { keepScreenOn } from "@/lib/media/wake-lock";
import type { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot } from "@/lib/rtc/call-snapshot";
import { Call } from "./call";
import styles from "./call.module.css";
import { takeChosenFace } from "./chosen-face";
import { Receipt } from "./receipt";
import { RecordingFiles } from "./recording";
import { useCallSession } from "./use-call-session";
import { rememberedVisit, rememberVisit } from "./visit";

function subscribeHash(onChange: () => void): () => void {
  window.addEventListener("hashchange", onChange);
  return () => window.removeEventListener("hashchange", onChange);
}

/** `/call/#ROOM`: the room is in the fragment, which no server and no referrer ever sees. */
export function CallPage() {
  const { t } = useI18n();
  const room = useSyncExternalStore(
    subscribeHash,
    () => window.location.hash.slice(1),
    () => null,
  );
  if (room === null) return null;
  if (room === "") return <Trouble message={failureText(t, "room_missing")} />;
  return <Visit key={room} room={room} />;
}

function Visit({ room }: { room: string }) {
  const { t } = useI18n();
  const call = useCallSession(room);
  const identities = useIdentities();
  const [speaker, setSpeaker] = useState("");
  useTalchumStats(call?.session ?? null);
  const enter = useReturning(room, call, identities.list);
  const inCall = call?.snapshot.phase === "call";
  useEffect(() => (inCall ? keepScreenOn() : undefined), [inCall]);

  if (call === null) return null;
  const { session, snapshot } = call;
  if (snapshot.refused !== null) {
    return (
      <Trouble message={failureText(t, snapshot.refused)}>
        <Button look="primary" onClick={() => window.location.reload()}>
          {t("lobby.tryAgain")}
        </Button>
      </Trouble>
    );
  }
  if (snapshot.phase === "left") {
    return (
      <Trouble
        title={t("call.left")}
        note={
          <>
            {snapshot.endedBy !== null && <Receipt left={snapshot.endedBy} />}
            <RecordingFiles session={session} files={snapshot.recordings} />
            <a href="/verify/" className={styles.verify} data-testid="verify-link">
              {t("call.verify")}
            </a>
          </>
        }
      >
        <Button look="primary" data-testid="rejoin" onClick={() => window.location.reload()}>
          {t("call.rejoin")}
        </Button>
      </Trouble>
    );
  }
  if (snapshot.phase === "lobby") {
    return (
      <Lobby
        session={session}
        snapshot={snapshot}
        identities={identities}
        speaker={speaker}
        onSpeaker={setSpeaker}
        onEnter={enter}
      />
    );
  }
  return (
    <Call
      session={session}
      snapshot={snapshot}
      identities={identities}
      speaker={speaker}
      onSpeaker={setSpeaker}
      onLeave={() => {
        rememberVisit(window.sessionStorage, room, null);
        session.leave();
      }}
    />
  );
}

/**
 * Entering, and after a reload coming back with the same face; an own face is chosen and confirmed anew. A face that was
 * chosen beforehand is put on in the lobby.
 */
function useReturning(
  room: string,
  call: { session: CallSession; snapshot: CallSnapshot } | null,
  faces: ReturnType<typeof useIdentities>["list"],
): () => void {
  const session = call?.session;
  const snapshot = call?.snapshot;
  const tried = useRef(false);
  const joined = snapshot?.signalling === "open";
  const cameraSettled =
    snapshot !== undefined && (snapshot.camera.track !== null || snapshot.camera.failure !== null);

  useEffect(() => {
    if (session === undefined || faces === null || !joined || !cameraSettled || tried.current) return;
    tried.current = true;
    const visit = rememberedVisit(window.sessionStorage, room);
    const chosen = takeChosenFace(window.sessionStorage, room);
    const identity = faces.find(({ name }) => name === (visit?.identity ?? chosen));
    if (identity === undefined) return;
    session.wearFace(identity);
    if (visit === null) return;
    if (!visit.camera) void session.turnCamera(false);
    if (!visit.microphone) session.turnMicrophone(false);
    session.enter();
  }, [session, faces, joined, cameraSettled, room]);

  const phase = snapshot?.phase;
  const identity = snapshot?.choice?.kind === "face" ? snapshot.choice.identity : null;
  const camera = snapshot?.camera.on ?? true;
  const microphone = snapshot?.microphone.on ?? true;
  useEffect(() => {
    if (phase !== "call") return;
    rememberVisit(window.sessionStorage, room, identity === null ? null : { identity, camera, microphone });
  }, [phase, identity, camera, microphone, room]);

  return () => session?.enter();
}
