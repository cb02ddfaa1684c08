import type { Key } from "@/i18n";
import type { LegStatus } from "@/lib/rtc/leg-status";

const CARD_KEYS: Readonly<Record<string, Key>> = {
  no_face: "card.no_face",
  second_face: "card.second_face",
  late: "card.late",
  stage_failed: "card.stage_failed",
  nothing_ready: "card.nothing_ready",
  consent_revoked: "card.consent_revoked",
  not_the_wearer: "card.not_the_wearer",
};

const REFUSAL_KEYS: Readonly<Record<string, Key>> = {
  consent_revoked: "card.consent_revoked",
  identity_not_allowed: "leg.notAllowed",
  owner_unknown: "leg.notAllowed",
};

const ENGINE_KEYS: Readonly<Record<string, Key>> = {
  neural: "engine.neural",
  portrait: "engine.portrait",
  veil: "engine.veil",
};

/** What a performer has to know about their face, to be filled in with its `place`; null when it is simply on. */
export function legKey(leg: LegStatus, cameraOn: boolean): Key | null {
  if (leg.wanted === null) return null;
  if (!cameraOn) return "leg.noCamera";
  switch (leg.state) {
    case "none":
    case "requested":
      return "leg.requested";
    case "queued":
      return leg.place > 1 ? "leg.queuedAt" : "leg.queued";
    case "connecting":
      return "leg.connecting";
    case "silent":
      return "leg.silent";
    case "unavailable":
      return leg.retryable ? "leg.unavailable" : "leg.unavailableFinal";
    case "live":
      return liveKey(leg);
  }
}

/** What is said of a face that is simply on. */
export function wornKey({ state, report }: LegStatus): Key | null {
  if (state !== "live") return null;
  return report?.fallback === true ? "leg.fallback" : "leg.live";
}

/** The engine that paints the face, in words; null while there is none, or for one the page does not know. */
export function engineKey({ engine }: LegStatus): Key | null {
  return ENGINE_KEYS[engine ?? ""] ?? null;
}

function liveKey({ code, report }: LegStatus): Key | null {
  if (code !== null) return REFUSAL_KEYS[code] ?? "leg.refused";
  if (report === null || report.state !== "card") return null;
  return CARD_KEYS[report.reason ?? ""] ?? "card.other";
}
