"use client";

import { Icon } from "@/components/ui/icon";
import { type Key, useI18n } from "@/i18n";
import type { ParticipantState } from "@/lib/signalling/messages";
import styles from "./call.module.css";

export function disclosureKey({ face, ownFace }: Pick<ParticipantState, "face" | "ownFace">): Key {
  if (face !== null) return `disclosure.${face.kind}`;
  return ownFace ? "disclosure.own" : "disclosure.unknown";
}

/** Whether there is anything to say: nothing is shown by somebody in the lobby or with the camera off from the start. */
export function isDisclosed({ face, ownFace, camera }: ParticipantState): boolean {
  return face !== null || ownFace || camera;
}

/** What the other participant's face is: there before the first frame and as long as they are. */
export function Disclosure({ state }: { state: ParticipantState }) {
  const { t } = useI18n();
  const made = state.face !== null;
  return (
    <p
      className={styles.disclosure}
      data-made={made}
      data-kind={state.face?.kind ?? (state.ownFace ? "own" : "unknown")}
      data-testid="disclosure"
      title={made ? t("disclosure.explain") : undefined}
      aria-live="polite"
    >
      {made && <Icon name="mask" size={20} />}
      {t(disclosureKey(state))}
    </p>
  );
}
