"use client";

import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { SiteHeader } from "@/components/ui/site-header";
import { TrackVideo } from "@/components/ui/video";
import { legKey, wornKey } from "@/features/call/leg-text";
import { RecordingFiles } from "@/features/call/recording";
import { DevicePanel } from "@/features/devices/device-panel";
import { FacePicker } from "@/features/identities/face-picker";
import type { Identities } from "@/features/identities/use-identities";
import { failureText, useI18n } from "@/i18n";
import type { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot } from "@/lib/rtc/call-snapshot";
import styles from "./lobby.module.css";

interface LobbyProps {
  session: CallSession;
  snapshot: CallSnapshot;
  identities: Identities;
  speaker: string;
  onSpeaker(id: string): void;
  onEnter(): void;
}

/** Camera check, face picker with a live preview, devices; nobody else sees anything yet. */
export function Lobby(props: LobbyProps) {
  const { session, snapshot, identities, onEnter } = props;
  const { t } = useI18n();
  const joined = snapshot.signalling === "open";
  const withoutCamera = !snapshot.camera.on && snapshot.choice === null;
  const ready = joined && (snapshot.choice !== null || withoutCamera);
  return (
    <>
      <SiteHeader />
      <main className={styles.main}>
        <div className={styles.stage}>
          <div className={styles.intro}>
            <h1>{t("lobby.title")}</h1>
            <p>
              {t("lobby.lead")}{" "}
              <span>{snapshot.remote === null ? t("lobby.alone") : t("lobby.someoneThere")}</span>
            </p>
          </div>
          <Preview session={session} snapshot={snapshot} />
          <Problems session={session} snapshot={snapshot} />
          <RecordingFiles session={session} files={snapshot.recordings} />
        </div>
        <div className={styles.choices}>
          <section aria-labelledby="faces-title">
            <h2 id="faces-title">{t("lobby.faces")}</h2>
            <FacePicker
              identities={identities}
              choice={snapshot.choice}
              onFace={(identity) => session.wearFace(identity)}
              onOwnFace={(confirmation) => session.showOwnFace(confirmation)}
            />
          </section>
          <section aria-labelledby="devices-title">
            <h2 id="devices-title">{t("lobby.devices")}</h2>
            <DevicePanel {...props} />
          </section>
        </div>
        <div className={styles.enterBar}>
          <Button
            look="primary"
            className={styles.enter}
            disabled={!ready}
            data-testid="enter-call"
            onClick={onEnter}
          >
            {joined ? t(withoutCamera ? "lobby.enterNoCamera" : "lobby.enter") : t("lobby.entering")}
          </Button>
          {joined && !ready && <p>{t("lobby.enterHint")}</p>}
        </div>
      </main>
    </>
  );
}

function Preview({ session, snapshot }: { session: CallSession; snapshot: CallSnapshot }) {
  const { t } = useI18n();
  const { camera, microphone, choice, leg, outgoing } = snapshot;
  const key = legKey(leg, camera.on) ?? wornKey(leg);
  return (
    <figure className={styles.preview}>
      <div className={styles.picture}>
        {choice === null ? (
          <TrackVideo track={camera.track} label={t("lobby.ownCamera")} mirrored testId="own-camera" />
        ) : (
          <TrackVideo track={outgoing.track} label={t("lobby.preview")} testId="preview-video" />
        )}
        {choice?.kind === "face" && camera.track !== null && (
          <div className={styles.inset}>
            <TrackVideo track={camera.track} label={t("lobby.ownCamera")} mirrored testId="own-camera" />
          </div>
        )}
      </div>
      <div className={styles.switches}>
        <Button
          aria-pressed={camera.on}
          data-testid="camera-toggle"
          onClick={() => void session.turnCamera(!camera.on)}
        >
          <Icon name={camera.on ? "camera" : "camera-off"} />{" "}
          {t(camera.on ? "call.cameraOff" : "call.cameraOn")}
        </Button>
        <Button
          aria-pressed={microphone.on}
          data-testid="mute"
          onClick={() => session.turnMicrophone(!microphone.on)}
        >
          <Icon name={microphone.on ? "microphone" : "microphone-off"} />{" "}
          {t(microphone.on ? "call.mute" : "call.unmute")}
        </Button>
      </div>
      <figcaption>
        {choice === null ? `${t("lobby.ownCamera")} ${t("lobby.chooseFirst")}.` : t("lobby.preview")}
      </figcaption>
      <p role="status" className={styles.status} data-testid="leg-status" data-leg={leg.state}>
        {key !== null && t(key, { place: leg.place })}
      </p>
    </figure>
  );
}

function Problems({ session, snapshot }: { session: CallSession; snapshot: CallSnapshot }) {
  const { t } = useI18n();
  const { camera, microphone } = snapshot;
  const failures = [camera.failure, microphone.failure].filter((code) => code !== null);
  if (failures.length === 0) return null;
  return (
    <div className={styles.problems} role="alert" data-testid="error-message" data-code={failures.join(" ")}>
      {failures.map((code) => (
        <p key={code}>{failureText(t, code)}</p>
      ))}
      <Button
        data-testid="try-again"
        onClick={() => {
          if (camera.failure !== null) void session.turnCamera(true);
          if (microphone.failure !== null) session.turnMicrophone(true);
        }}
      >
        {t("lobby.tryAgain")}
      </Button>
    </div>
  );
}
