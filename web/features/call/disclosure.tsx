"use client";

import { Icon } from "@/components/ui/icon";
import { type Key, useI18n } from "@/i18n";
import type { BadgeState } from "@/lib/disclosure/badge-watch";
import { kindsOf } from "@/lib/disclosure/gate";
import type { RemoteSnapshot } from "@/lib/rtc/call-snapshot";
import type { IdentityKind, ParticipantState } from "@/lib/signalling/messages";
import styles from "./call.module.css";

export function disclosureKey({ face, ownFace }: Pick<ParticipantState, "face" | "ownFace">): Key {
  if (face !== null) return `disclosure.${face.kind}`;
  return ownFace ? "disclosure.own" : "disclosure.unknown";
}

/** Whether there is anything to say: nothing is shown by somebody in the lobby or with the camera off from the start. */
export function isDisclosed({ face, ownFace, camera }: ParticipantState): boolean {
  return face !== null || ownFace || camera;
}

/**
 * What the other participant's face is: there before the first frame and as long as they are.
 *
 * What the call server has signed counts, and their own word until that is there.
 */
export function Disclosure({ remote, badge }: { remote: RemoteSnapshot; badge: BadgeState }) {
  const { t } = useI18n();
  const { state, disclosed } = remote;
  const made = state.face !== null;
  const kinds = disclosed.legs.length > 0 ? kindsOf(disclosed.legs) : [];
  const texts = made && kinds.length > 0 ? kinds.map(textOf) : [disclosureKey(state)];
  return (
    <div className={styles.disclosures}>
      <p
        className={styles.disclosure}
        data-made={made}
        data-kind={state.face?.kind ?? (state.ownFace ? "own" : "unknown")}
        data-badge={badge}
        data-testid="disclosure"
        title={made ? t("disclosure.explain") : undefined}
        aria-live="polite"
      >
        {made && <Icon name="mask" size={20} />}
        {texts.map((key) => t(key)).join(" · ")}
        {badge === "matches" && <Icon name="check" size={18} />}
      </p>
      <BadgeNote badge={badge} ownFace={state.ownFace} />
    </div>
  );
}

/** What the mark in the picture says beside that: nothing while it agrees. */
function BadgeNote({ badge, ownFace }: { badge: BadgeState; ownFace: boolean }) {
  const { t } = useI18n();
  if (badge === "foreign") {
    return (
      <p role="alert" className={styles.badgeNote} data-warning="true" data-testid="badge-note">
        {t(ownFace ? "badge.foreignOwn" : "badge.foreign")}
      </p>
    );
  }
  if (badge !== "unread") return null;
  return (
    <p className={styles.badgeNote} title={t("badge.unreadExplain")} data-testid="badge-note">
      {t("badge.unread")}
    </p>
  );
}

function textOf(kind: IdentityKind): Key {
  return `disclosure.${kind}`;
}
