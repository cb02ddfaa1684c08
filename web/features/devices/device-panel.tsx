"use client";

import { Button } from "@/components/ui/button";
import { DeviceSelect } from "@/components/ui/device-select";
import { Icon } from "@/components/ui/icon";
import { useI18n } from "@/i18n";
import { canChooseSpeaker } from "@/lib/media/devices";
import type { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot } from "@/lib/rtc/call-snapshot";
import styles from "./device-panel.module.css";
import { LevelMeter } from "./level-meter";
import { useDevices } from "./use-devices";

/** Camera, microphone with its level, and loudspeaker. */
export function DevicePanel({
  session,
  snapshot,
  speaker,
  onSpeaker,
}: {
  session: CallSession;
  snapshot: CallSnapshot;
  speaker: string;
  onSpeaker(id: string): void;
}) {
  const { t } = useI18n();
  const { camera, microphone } = snapshot;
  const devices = useDevices(camera.track !== null || microphone.track !== null);
  const fallback = t("lobby.defaultDevice");
  return (
    <div className={styles.devices}>
      <DeviceSelect
        label={t("lobby.camera")}
        devices={devices.cameras}
        value={camera.track?.getSettings().deviceId ?? ""}
        fallback={fallback}
        onChoose={(id) => void session.chooseCamera(id)}
        testId="camera-picker"
      />
      {devices.cameras.length > 1 && (
        <Button data-testid="flip-camera" onClick={() => void session.flipCamera()}>
          <Icon name="flip" /> {t("lobby.flip")}
        </Button>
      )}
      <DeviceSelect
        label={t("lobby.microphone")}
        devices={devices.microphones}
        value={microphone.track?.getSettings().deviceId ?? ""}
        fallback={fallback}
        onChoose={(id) => void session.chooseMicrophone(id)}
        testId="microphone-picker"
      />
      <LevelMeter session={session} track={microphone.track} />
      {canChooseSpeaker() && (
        <DeviceSelect
          label={t("lobby.speaker")}
          devices={devices.speakers}
          value={speaker === "" ? (devices.speakers[0]?.id ?? "") : speaker}
          fallback={fallback}
          onChoose={onSpeaker}
          testId="speaker-picker"
        />
      )}
    </div>
  );
}
