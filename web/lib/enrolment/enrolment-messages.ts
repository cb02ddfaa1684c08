/**
 * What a face worker tells somebody who enrols, over the data channel `talchum` of their leg;
 * the twin of src/talchum/protocol/enrolment_messages.py. Times in seconds.
 */

export const HINTS = ["", "no_face", "too_dark", "second_face", "closer", "look_straight", "rest"] as const;
/** What to tell somebody who is not asked anything; empty: nothing. */
export type Hint = (typeof HINTS)[number];

export type EnrolmentMessage =
  | { type: "enrolment-progress"; hint: Hint; begun: boolean; done: number; left: number }
  | { type: "enrolment-prompt"; prompt: string; seconds: number; words: Words }
  | { type: "enrolment-done"; prompt: string }
  | { type: "enrolment-again"; prompt: string; why: string }
  | { type: "enrolment-over"; end: string }
  | { type: "enrolment-refused"; code: string; message: string };

/** To be said aloud, by language; empty unless they are. */
export type Words = Readonly<Partial<Record<"en" | "ko", readonly string[]>>>;

const MAX_CHARACTERS = 4_096;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : []);
const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** One message, or null for one that this page does not know. */
export function decodeEnrolmentMessage(data: unknown): EnrolmentMessage | null {
  if (typeof data !== "string" || data.length > MAX_CHARACTERS) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return null;
  }
  const fields = fieldsOf(parsed);
  const prompt = text(fields.prompt);
  switch (fields.type) {
    case "enrolment-progress":
      return {
        type: fields.type,
        hint: HINTS.find((known) => known === fields.hint) ?? "",
        begun: fields.begun === true,
        done: number(fields.done),
        left: number(fields.left),
      };
    case "enrolment-prompt":
      return { type: fields.type, prompt, seconds: number(fields.seconds), words: wordsIn(fields.words) };
    case "enrolment-done":
      return { type: fields.type, prompt };
    case "enrolment-again":
      return { type: fields.type, prompt, why: text(fields.why) };
    case "enrolment-over":
      return { type: fields.type, end: text(fields.end) };
    case "enrolment-refused":
      return { type: fields.type, code: text(fields.code), message: text(fields.message) };
    default:
      return null;
  }
}

function wordsIn(value: unknown): Words {
  const { en, ko } = fieldsOf(value);
  return en === undefined && ko === undefined ? {} : { en: texts(en), ko: texts(ko) };
}
