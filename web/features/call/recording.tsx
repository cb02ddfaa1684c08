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
export function Recording({ session, status }: { session: CallSession; status: RecordingStatus | null }) {
  const { t } = useI18n();
  if (status === null) return null;
  const { phase, agreed, reason } = status;
  if (phase === "asked" && !agreed) return <Question session={session} />;
  if (phase === "stopped") {
    return (
      <div className={styles.over} role="status" data-testid="recording-stopped" data-reason={reason}>
        <p>{t(REASONS.has(reason) ? `recording.stopped.${reason as Reason}` : "recording.stopped.other")}</p>
        <RecordingFile status={status} />
      </div>
    );
  }
  return (
    <div className={styles.badge} role="status" data-testid="recording" data-phase={phase}>
      {phase === "running" && <span className={styles.dot} aria-hidden="true" />}
      <span>{t(`recording.${phase}`)}</span>
      <button
        type="button"
        className={styles.stop}
        data-testid="stop-recording"
        onClick={() => session.recording.answer(false)}
      >
        {t(phase === "asked" ? "recording.cancel" : "recording.stop")}
      </button>
    </div>
  );
}

/** The finished file, as soon as it is there. */
export function RecordingFile({ status }: { status: RecordingStatus | null }) {
  const { t } = useI18n();
  const file = status?.phase === "stopped" ? status.file : "";
  const ready = useReady(file);
  if (file === "") return null;
  if (!ready) return <p data-testid="recording-sealing">{t("recording.sealing")}</p>;
  return (
    <p>
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

/** Whether a recording can be fetched; it takes a moment to be signed. */
function useReady(file: string): boolean {
  const [ready, setReady] = useState("");
  useEffect(() => {
    if (file === "" || ready === file) return;
    const look = async (): Promise<void> => {
      const answer = await fetch(recordingUrl(file), { method: "HEAD", cache: "no-store" }).catch(() => null);
      if (answer?.ok === true) setReady(file);
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [file, ready]);
  return file !== "" && ready === file;
}
