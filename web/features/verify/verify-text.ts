/** What a report says, in the page's words. */

import { hasFailureText, type Key, type Language } from "@/i18n";
import type { CredentialsState, Doing, MarkedInterval, Report } from "@/lib/verification/verification-api";

/** The least confidence that counts as a mark. */
export const LEAST_CONFIDENCE = 8;

const DOING: Readonly<Record<Doing, Key>> = {
  "": "verify.doing.starting",
  reading: "verify.doing.reading",
  searching: "verify.doing.searching",
  "reading again": "verify.doing.readingAgain",
};

/** Codes that say something else, or more, of a video than of what else they are met with. */
const FAILED: Readonly<Record<string, Key>> = {
  media_file_unreadable: "verify.failed.media_file_unreadable",
  media_file_no_video: "verify.failed.media_file_no_video",
  media_file_too_large: "verify.failed.media_file_too_large",
  media_file_truncated: "verify.failed.media_file_truncated",
  file_too_large: "verify.failed.file_too_large",
};

const DISAGREEMENTS: ReadonlySet<string> = new Set([
  "credentials_invalid",
  "badge_without_mark",
  "badge_of_another_leg",
  "credentials_of_another_leg",
]);

const KINDS: ReadonlySet<string> = new Set(["anonymise", "synthetic", "self", "licensed"]);

export function doingKey(doing: Doing): Key {
  return DOING[doing] ?? "verify.doing.starting";
}

export function failureKey(code: string): Key {
  const own = Object.hasOwn(FAILED, code) ? FAILED[code] : undefined;
  if (own !== undefined) return own;
  return hasFailureText(code) ? (`error.${code}` as Key) : "error.unknown";
}

export function disagreementKey(code: string): Key {
  return DISAGREEMENTS.has(code) ? (`verify.disagreement.${code}` as Key) : "verify.disagreement.other";
}

/** What is worn, as a call says it; `card` where nothing is. */
export function kindKey(kind: string): Key {
  return KINDS.has(kind) ? (`disclosure.${kind}` as Key) : "verify.kind.card";
}

export type VerdictName =
  | "marked"
  | "card"
  | "recorded"
  | "claimed"
  | "broken"
  | "inconsistent"
  | "notDetected";

/**
 * The verdict, told apart further: what is marked may be no face, and where no mark is in the picture only the
 * file says that a face is AI-made (`recorded` by this service, `claimed` by somebody unknown). `broken` says
 * that nothing is wrong but the file's credentials.
 */
export function verdictName({ verdict, disagreements, mark, credentials }: Report): VerdictName {
  if (verdict === "marked-inconsistent") {
    return disagreements.every((code) => code === "credentials_invalid") ? "broken" : "inconsistent";
  }
  if (verdict === "not-detected") return "notDetected";
  if (mark.intervals.length === 0) return credentials.state === "trusted" ? "recorded" : "claimed";
  const onlyCards = mark.intervals.every(({ kind }) => kind === "card");
  return onlyCards && credentials.tags.length === 0 ? "card" : "marked";
}

/** What must be said of content credentials beside the verdict, where that does not speak of them. */
export function credentialsNote({ verdict, mark, credentials }: Report): Key | null {
  const { state, namesTalchum } = credentials;
  if (verdict === "marked")
    return state === "trusted" && mark.intervals.length > 0 ? "verify.note.signed" : null;
  if (verdict === "marked-inconsistent") return null;
  if (state === "none") return null;
  if (state === "invalid") return "verify.note.broken";
  if (!namesTalchum) return "verify.note.others";
  return state === "trusted" ? "verify.note.ownFaces" : "verify.note.ownFacesClaimed";
}

export type FindingLook = "found" | "missing" | "doubtful" | "broken";

export const CREDENTIALS_LOOK: Readonly<Record<CredentialsState, FindingLook>> = {
  none: "missing",
  trusted: "found",
  valid: "doubtful",
  invalid: "broken",
};

/** A place in a video as players show it: 65.3 is 1:05.3. */
export function clock(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const whole = Math.floor(tenths / 10);
  const pair = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = `${pair(whole % 60)}.${tenths % 10}`;
  return hours > 0 ? `${hours}:${pair(minutes)}:${rest}` : `${minutes}:${rest}`;
}

export function percent(share: number, language: Language): string {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

export function megabytes(bytes: number, language: Language): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(bytes / 1_000_000);
}

export function moment(iso: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "long" }).format(new Date(iso));
}

/** Where an interval lies on a line of this length; a short one is still to be seen. */
export function placed(
  { start, end }: Pick<MarkedInterval, "start" | "end">,
  seconds: number,
  length: number,
): { x: number; width: number } {
  const scale = length / Math.max(seconds, end, 0.1);
  const width = Math.max((end - start) * scale, length / 100);
  return { x: Math.min(start * scale, length - width), width };
}
