import type { Key } from "@/i18n";
import type { LegStatus } from "@/lib/rtc/leg-status";

const CARD_KEYS: Readonly<Record<string, Key>> = {
  no_face: "card.no_face",
  second_face: "card.second_face",
  late: "card.late",
  stage_failed: "card.stage_failed",
  nothing_ready: "card.nothing_ready",
};

/** What a performer has to know about their face; null when it is simply on. */
export function legKey(leg: LegStatus, cameraOn: boolean): Key | null {
  if (leg.wanted === null) return null;
  if (!cameraOn) return "leg.noCamera";
  switch (leg.state) {
    case "none":
    case "requested":
      return "leg.requested";
    case "queued":
      return "leg.queued";
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

function liveKey({ code, report }: LegStatus): Key | null {
  if (code !== null) return "leg.refused";
  if (report === null || report.state !== "card") return null;
  return CARD_KEYS[report.reason ?? ""] ?? "card.other";
}
