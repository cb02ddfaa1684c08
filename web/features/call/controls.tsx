"use client";

import { Icon, type IconName } from "@/components/ui/icon";
import { useI18n } from "@/i18n";
import type { CallSnapshot } from "@/lib/rtc/call-snapshot";
import styles from "./call.module.css";
import { CopyLink } from "./copy-link";
import type { CallActions } from "./use-shortcuts";

/** The bar at the bottom of the call. */
export function Controls({ snapshot, actions }: { snapshot: CallSnapshot; actions: CallActions }) {
  const { t } = useI18n();
  const { camera, microphone, remote } = snapshot;
  return (
    <section className={styles.controls} aria-label={t("call.controls")}>
      <Control
        icon={microphone.on ? "microphone" : "microphone-off"}
        label={t(microphone.on ? "call.mute" : "call.unmute")}
        off={!microphone.on}
        shortcut="m"
        testId="mute"
        onClick={actions.mute}
      />
      <Control
        icon={camera.on ? "camera" : "camera-off"}
        label={t(camera.on ? "call.cameraOff" : "call.cameraOn")}
        off={!camera.on}
        shortcut="v"
        testId="camera-toggle"
        onClick={actions.camera}
      />
      <Control
        icon="mask"
        label={t("call.changeFace")}
        shortcut="f"
        testId="change-face"
        onClick={actions.faces}
      />
      <Control
        icon="settings"
        label={t("call.devices")}
        shortcut="s"
        testId="devices"
        onClick={actions.devices}
      />
      {remote?.link === "connected" && canRecord(snapshot) && (
        <Control icon="record" label={t("recording.ask")} testId="ask-recording" onClick={actions.record} />
      )}
      {remote !== null && <CopyLink className={styles.control} />}
      <span className={styles.keyboardOnly}>
        <Control icon="keyboard" label={t("call.help")} shortcut="h" testId="help" onClick={actions.keys} />
      </span>
      <Control
        icon="leave"
        label={t("call.leave")}
        danger
        shortcut="l"
        testId="leave"
        onClick={actions.leave}
      />
    </section>
  );
}

const canRecord = ({ recording }: CallSnapshot): boolean =>
  recording === null || recording.phase === "stopped";

function Control({
  icon,
  label,
  testId,
  onClick,
  shortcut,
  off = false,
  danger = false,
}: {
  icon: IconName;
  label: string;
  testId: string;
  onClick(): void;
  shortcut?: string;
  off?: boolean;
  danger?: boolean;
}) {
  return (
    <button
      type="button"
      className={styles.control}
      data-off={off}
      data-danger={danger}
      data-testid={testId}
      aria-keyshortcuts={shortcut}
      onClick={onClick}
    >
      <Icon name={icon} size={24} />
      <span>{label}</span>
    </button>
  );
}
