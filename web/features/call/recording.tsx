"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useI18n } from "@/i18n";
import type { CallSession } from "@/lib/rtc/call-session";
import type { RecordingStatus } from "@/lib/rtc/recording";
import { recordingUrl } from "@/lib/signalling/room-api";
import styles from "./recording.module.css";

/** Whether this call is recorded, asked for, or was: there all the time, and the way to end it beside it. */
export function Recording({
  session,
  status,
  files,
}: {
  session: CallSession;
  status: RecordingStatus | null;
  files: readonly string[];
}) {
  const { t } = useI18n();
  if (status === null || status.phase === "stopped")
    return <Over session={session} status={status} files={files} />;
  const { phase, agreed } = status;
  if (phase === "asked" && !agreed) return <Question session={session} />;
  return (
    <div className={styles.badge} role="status" data-testid="recording" data-phase={phase}>
      {phase === "running" && <span className={styles.dot} aria-hidden="true" />}
      <span>{t(`recording.${phase}`)}</span>
      <button
        type="button"
        className={styles.button}
        data-testid="stop-recording"
        onClick={() => session.recording.answer(false)}
      >
        {t(phase === "asked" ? "recording.cancel" : "recording.stop")}
      </button>
    </div>
  );
}

/** Why there is no recording any more, and what there is of it, until it was read. */
function Over({
  session,
  status,
  files,
}: {
  session: CallSession;
  status: RecordingStatus | null;
  files: readonly string[];
}) {
  const { t } = useI18n();
  const [read, setRead] = useState<object | null>(null);
  const news = status ?? files;
  if (read === news || (status === null && files.length === 0)) return null;
  const reason = status?.reason ?? "";
  return (
    <div className={styles.over} role="status" data-testid="recording-stopped" data-reason={reason}>
      {status !== null && (
        <p>{t(REASONS.has(reason) ? `recording.stopped.${reason as Reason}` : "recording.stopped.other")}</p>
      )}
      <RecordingFiles session={session} files={files} />
      <button
        type="button"
        className={styles.button}
        data-testid="close-recording"
        onClick={() => setRead(news)}
      >
        {t("call.close")}
      </button>
    </div>
  );
}

/** Recordings of this call that are over. */
export function RecordingFiles({ session, files }: { session: CallSession; files: readonly string[] }) {
  return files.map((file) => <RecordingFile key={file} session={session} file={file} />);
}

/** A finished file, as soon as it is there. */
function RecordingFile({ session, file }: { session: CallSession; file: string }) {
  const { t } = useI18n();
  if (!useReady(session, file))
    return (
      <p className={styles.file} data-testid="recording-sealing">
        {t("recording.sealing")}
      </p>
    );
  return (
    <p className={styles.file}>
      <a href={recordingUrl(file)} download="talchum-call.mp4" data-testid="recording-file">
        {t("recording.download")}
      </a>{" "}
      {t("recording.kept")}
    </p>
  );
}

function Question({ session }: { session: CallSession }) {
  const { t } = useI18n();
  const refuse = () => session.recording.answer(false);
  return (
    <Dialog title={t("recording.question")} onClose={refuse} testId="recording-question">
      <p>{t("recording.explain")}</p>
      <p className={styles.answers}>
        <Button look="primary" data-testid="agree-recording" onClick={() => session.recording.answer(true)}>
          {t("recording.agree")}
        </Button>
        <Button data-testid="refuse-recording" onClick={refuse}>
          {t("recording.refuse")}
        </Button>
      </p>
    </Dialog>
  );
}

const REASON_NAMES = ["refused", "withdrawn", "left", "joined", "no_recorder", "recording_paused"] as const;
type Reason = (typeof REASON_NAMES)[number];
const REASONS: ReadonlySet<string> = new Set(REASON_NAMES);

const LOOK_EVERY_MS = 2_000;
/** To sign two hours takes well under a minute; what is not there then is deleted, or was never made. */
const GIVE_UP_MS = 120_000;

/** Whether a recording can be fetched; it takes a moment to be signed. */
function useReady(session: CallSession, file: string): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    if (ready) return;
    const giveUpAt = Date.now() + GIVE_UP_MS;
    const look = async (): Promise<void> => {
      const answer = await fetch(recordingUrl(file), { method: "HEAD", cache: "no-store" }).catch(() => null);
      if (answer?.ok === true) setReady(true);
      else if (answer?.status === 404 && Date.now() >= giveUpAt) session.recording.forget(file);
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [session, file, ready]);
  return ready;
}
