"use client";

import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Icon } from "@/components/ui/icon";
import { TrackVideo } from "@/components/ui/video";
import { DevicePanel } from "@/features/devices/device-panel";
import { FacePicker } from "@/features/identities/face-picker";
import type { Identities } from "@/features/identities/use-identities";
import { Figures } from "@/features/stats/figures";
import { failureText, useI18n } from "@/i18n";
import type { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot } from "@/lib/rtc/call-snapshot";
import styles from "./call.module.css";
import { Controls } from "./controls";
import { disclosureKey } from "./disclosure";
import { legKey, wornKey } from "./leg-text";
import { Recording } from "./recording";
import { RemoteView } from "./remote-view";
import { SHORTCUTS, useShortcuts } from "./use-shortcuts";

type Panel = "faces" | "devices" | "keys" | null;

/** The call itself: the other side large, oneself as they see it, and the controls. */
export function Call({
  session,
  snapshot,
  identities,
  speaker,
  onSpeaker,
  onLeave,
}: {
  session: CallSession;
  snapshot: CallSnapshot;
  identities: Identities;
  speaker: string;
  onSpeaker(id: string): void;
  onLeave(): void;
}) {
  const { t } = useI18n();
  const [panel, setPanel] = useState<Panel>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  // The button that led here is gone; reading and tabbing go on from the top of the call.
  useEffect(() => heading.current?.focus(), []);
  const { camera, microphone } = snapshot;
  const actions = {
    mute: () => session.turnMicrophone(!microphone.on),
    camera: () => {
      void session.turnCamera(!camera.on);
      // A camera nobody may see yet: which face it shall be is the next question.
      if (!camera.on && snapshot.choice === null) setPanel("faces");
    },
    faces: () => setPanel("faces"),
    devices: () => setPanel("devices"),
    record: () => session.recording.ask(),
    keys: () => setPanel("keys"),
    leave: onLeave,
  };
  useShortcuts(actions, panel === null);
  return (
    <main className={styles.call}>
      <h1 ref={heading} tabIndex={-1} className="visually-hidden">
        {t("call.title")}
      </h1>
      <RemoteView session={session} snapshot={snapshot} speaker={speaker} />
      <Figures snapshot={snapshot} />
      <SelfView session={session} snapshot={snapshot} />
      <Notices session={session} snapshot={snapshot} />
      <Controls snapshot={snapshot} actions={actions} />
      {panel === "faces" && (
        <Dialog title={t("lobby.faces")} onClose={() => setPanel(null)} testId="face-dialog">
          <FacePicker
            identities={identities}
            choice={snapshot.choice}
            onFace={(identity) => {
              session.wearFace(identity);
              setPanel(null);
            }}
            onOwnFace={(confirmation) => {
              session.showOwnFace(confirmation);
              setPanel(null);
            }}
          />
          <Button className={styles.close} data-testid="close-dialog" onClick={() => setPanel(null)}>
            {t("call.close")}
          </Button>
        </Dialog>
      )}
      {panel === "devices" && (
        <Dialog title={t("lobby.devices")} onClose={() => setPanel(null)} testId="devices-dialog">
          <DevicePanel session={session} snapshot={snapshot} speaker={speaker} onSpeaker={onSpeaker} />
          <Button className={styles.close} data-testid="close-dialog" onClick={() => setPanel(null)}>
            {t("call.close")}
          </Button>
        </Dialog>
      )}
      {panel === "keys" && <Keys onClose={() => setPanel(null)} />}
    </main>
  );
}

function SelfView({ session, snapshot }: { session: CallSession; snapshot: CallSnapshot }) {
  const { t } = useI18n();
  const { camera, choice, leg, outgoing } = snapshot;
  const face = choice?.kind === "face" ? { kind: choice.faceKind } : null;
  const text = t(disclosureKey({ face, ownFace: choice?.kind === "own-face" }));
  const worn = choice?.kind === "face" && legKey(leg, camera.on) === null ? wornKey(leg) : null;
  return (
    <figure className={styles.self}>
      <TrackVideo track={outgoing.track} label={t("call.selfView")} testId="self-view" />
      {camera.on && (
        <button
          type="button"
          className={styles.flip}
          aria-label={t("lobby.flip")}
          data-testid="flip-camera"
          onClick={() => void session.flipCamera()}
        >
          <Icon name="flip" size={20} />
        </button>
      )}
      <figcaption data-testid="my-disclosure" data-outgoing={outgoing.kind}>
        {choice !== null && t("disclosure.mine", { text })}
        {choice?.kind === "face" && snapshot.remote?.knows === true && (
          <span className={styles.theyKnow} data-testid="they-know">
            <Icon name="check" size={14} /> {t("disclosure.theyKnow")}
          </span>
        )}
      </figcaption>
      <p role="status" className={styles.legStatus} data-testid="leg-status" data-leg={leg.state}>
        {worn !== null && t(worn)}
      </p>
    </figure>
  );
}

/** Whether the call is recorded, and what this participant should know about their own side. */
function Notices({ session, snapshot }: { session: CallSession; snapshot: CallSnapshot }) {
  const { t } = useI18n();
  const { camera, microphone, leg, signalling, remote, choice } = snapshot;
  const key = choice?.kind === "face" && camera.failure === null ? legKey(leg, camera.on) : null;
  const failures = [camera.failure, microphone.failure].filter((code) => code !== null);
  const offline = signalling !== "open" && remote?.link === "connected";
  return (
    <div className={styles.notices}>
      <Recording session={session} status={snapshot.recording} files={snapshot.recordings} />
      {failures.map((code) => (
        <p key={code} role="alert" data-testid="error-message" data-code={code}>
          {failureText(t, code)}
        </p>
      ))}
      {offline && <p role="status">{t("call.signallingLost")}</p>}
      {key !== null && (
        <p role="status" data-leg={leg.state}>
          {t(key, { place: leg.place })}
        </p>
      )}
    </div>
  );
}

function Keys({ onClose }: { onClose(): void }) {
  const { t } = useI18n();
  return (
    <Dialog title={t("call.shortcuts")} onClose={onClose} testId="keys-dialog">
      <dl className={styles.keys}>
        {SHORTCUTS.map(({ key }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`call.shortcut.${key}`)}</dd>
          </div>
        ))}
      </dl>
      <Button className={styles.close} onClick={onClose}>
        {t("call.close")}
      </Button>
    </Dialog>
  );
}
