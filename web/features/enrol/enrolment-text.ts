import { failureText, type Key, type Language, type Translate } from "@/i18n";
import { en } from "@/i18n/en";
import type { EnrolmentSnapshot } from "@/lib/enrolment/enrolment-visit";

const known = (key: string): Key | null => (Object.hasOwn(en, key) ? (key as Key) : null);

/** What to do now, in one sentence: large on the page, and said aloud. */
export function askedText(t: Translate, language: Language, snapshot: EnrolmentSnapshot): string {
  const { phase, prompt, begun, done, again } = snapshot;
  if (phase === "asking" || phase === "queued" || phase === "connecting") return t(`enrol.phase.${phase}`);
  if (phase !== "acting") return "";
  if (prompt === null && !begun) return t("enrol.straight");
  if (prompt === null) return t(done === 0 && again === null ? "enrol.begins" : "enrol.rest");
  if (prompt.name === "say-words")
    return t("enrol.prompt.say-words", { words: wordsText(language, snapshot) });
  const key = known(`enrol.prompt.${prompt.name}`);
  return key === null ? prompt.name : t(key);
}

function wordsText(language: Language, { prompt }: EnrolmentSnapshot): string {
  return (prompt?.words[language] ?? prompt?.words.en ?? []).join("\u00a0· ");
}

/** What is wrong with the picture, or why something is asked again; empty when nothing is. */
export function remarkText(t: Translate, { phase, hint, again, prompt }: EnrolmentSnapshot): string {
  if (phase !== "acting") return "";
  const seen = hint !== "" && (prompt === null || hint !== "rest") ? known(`enrol.hint.${hint}`) : null;
  if (seen !== null && hint !== "rest") return t(seen);
  if (again !== null) {
    const why = known(`enrol.why.${again.why}`);
    if (why !== null) return t(why);
  }
  return seen === null ? "" : t(seen);
}

/** Why it came to nothing. */
export function endText(t: Translate, end: string): string {
  const key = known(`enrol.end.${end}`);
  return key === null ? failureText(t, end) : t(key);
}
