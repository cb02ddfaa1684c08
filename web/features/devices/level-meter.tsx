"use client";

import { useEffect, useRef } from "react";
import { useI18n } from "@/i18n";
import { meterLevel } from "@/lib/media/level-meter";
import type { CallSession } from "@/lib/rtc/call-session";
import styles from "./device-panel.module.css";

/** Shows that the microphone hears something; written to the element directly, 15 times a second. */
export function LevelMeter({ session, track }: { session: CallSession; track: MediaStreamTrack | null }) {
  const { t } = useI18n();
  const ref = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    if (track === null) return;
    return meterLevel(session.audioContext(), track, (level) => {
      if (ref.current !== null) ref.current.value = level;
    });
  }, [session, track]);
  return (
    <meter
      ref={ref}
      className={styles.level}
      min={0}
      max={1}
      value={0}
      aria-label={t("lobby.level")}
      data-testid="mic-level"
    />
  );
}
