"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Mask } from "@/components/ui/mask";
import { useI18n } from "@/i18n";
import type { Choice } from "@/lib/rtc/call-snapshot";
import { OwnFaceConfirmation } from "@/lib/rtc/outgoing-video";
import { type Identity, thumbnailUrl } from "@/lib/signalling/room-api";
import styles from "./face-picker.module.css";
import { OwnFaceDialog } from "./own-face-dialog";
import type { Identities } from "./use-identities";

/** The faces as pictures, and apart from them, behind a question, the own one. */
export function FacePicker({
  identities,
  choice,
  onFace,
  onOwnFace,
}: {
  identities: Identities;
  choice: Choice;
  onFace(identity: Identity): void;
  onOwnFace(confirmation: OwnFaceConfirmation): void;
}) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  const covered = choice?.kind === "face" && choice.faceKind === "anonymise";
  return (
    <div className={styles.picker}>
      {identities.failed && (
        <p role="alert">
          {t("face.loadFailed")} <Button onClick={identities.reload}>{t("lobby.tryAgain")}</Button>
        </p>
      )}
      {identities.list === null && !identities.failed && <p>{t("face.loading")}</p>}
      <ul className={styles.faces}>
        {identities.list?.map((identity) => (
          <li key={identity.name}>
            <FaceButton
              identity={identity}
              chosen={choice?.kind === "face" && choice.identity === identity.name}
              onChoose={() => onFace(identity)}
            />
          </li>
        ))}
      </ul>
      {covered && (
        <p className={styles.note} data-testid="voice-not-changed">
          {t("face.voiceNotChanged")}
        </p>
      )}
      <p className={styles.note}>{t("face.disclosureNote")}</p>
      <button
        type="button"
        className={styles.own}
        aria-pressed={choice?.kind === "own-face"}
        data-testid="own-face"
        onClick={() => setAsking(true)}
      >
        <strong>{t("face.own")}</strong>
        <span>{t("face.ownDescription")}</span>
      </button>
      {asking && (
        <OwnFaceDialog
          onCancel={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            onOwnFace(new OwnFaceConfirmation());
          }}
        />
      )}
    </div>
  );
}

function FaceButton({
  identity,
  chosen,
  onChoose,
}: {
  identity: Identity;
  chosen: boolean;
  onChoose(): void;
}) {
  const { t, language } = useI18n();
  const [broken, setBroken] = useState(false);
  return (
    <button
      type="button"
      className={styles.face}
      aria-pressed={chosen}
      title={identity.description[language]}
      data-testid={`face-${identity.name}`}
      onClick={onChoose}
    >
      <span className={styles.picture}>
        {broken ? (
          <Mask />
        ) : (
          // biome-ignore lint/performance/noImgElement: a static export has no image optimiser
          <img
            src={thumbnailUrl(identity)}
            alt=""
            width={256}
            height={256}
            loading="lazy"
            onError={() => setBroken(true)}
          />
        )}
      </span>
      <span className={styles.name}>{identity.title[language]}</span>
      <span className={styles.kind}>
        {t(`face.kind.${identity.kind}`)}
        {/* It has the title of the person it was learned from, and others may too. */}
        {identity.learned && <span>{t("face.learned", { name: identity.name })}</span>}
      </span>
    </button>
  );
}
