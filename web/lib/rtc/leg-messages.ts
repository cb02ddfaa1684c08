/**
 * What performer and face worker say to each other over the data channel `talchum` of their leg;
 * the twin of src/talchum/protocol/leg_messages.py.
 */

export interface Wear {
  type: "wear";
  identity: string;
  engine: string | null;
}

/** Once a second. Times in seconds; frame age is from decode to egress. */
export interface LegReport {
  type: "report";
  state: "face" | "held" | "card";
  reason: string | null;
  framesIn: number;
  framesOut: number;
  framesDropped: number;
  cardFrames: number;
  stageTimes: Readonly<Record<string, number>>;
  frameAge: { p50: number; p95: number } | null;
  /** What a frame waits for beside its age: from first packet to decoded frame, and in encoder and pacer. */
  codecTimes: { receiving: number | null; sending: number | null };
  /** The engine that was asked for was too slow for the worker; a lighter one of the same identity is worn. */
  fallback: boolean;
}

export type LegMessage =
  | { type: "wearing"; identity: string; engine: string }
  | { type: "refused"; code: string; message: string }
  /** The worker is about to stop; the leg goes on until another one has taken over. */
  | { type: "draining" }
  | LegReport;

const STATES = ["face", "held", "card"] as const;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const time = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
const count = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/** One message from the worker, or null for one that this client does not know. */
export function decodeLegMessage(data: unknown): LegMessage | null {
  if (typeof data !== "string" || data.length > 16_384) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return null;
  }
  const fields = fieldsOf(parsed);
  switch (fields.type) {
    case "wearing":
      return { type: "wearing", identity: text(fields.identity), engine: text(fields.engine) };
    case "refused":
      return { type: "refused", code: text(fields.code), message: text(fields.message) };
    case "draining":
      return { type: "draining" };
    case "report":
      return report(fields);
    default:
      return null;
  }
}

function report(fields: Record<string, unknown>): LegReport | null {
  const state = STATES.find((known) => known === fields.state);
  if (state === undefined) return null;
  const age = fieldsOf(fields.frameAge);
  const codec = fieldsOf(fields.codecTimes);
  const stages = Object.entries(fieldsOf(fields.stageTimes)).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  return {
    type: "report",
    state,
    reason: typeof fields.reason === "string" && fields.reason !== "" ? fields.reason : null,
    framesIn: count(fields.framesIn),
    framesOut: count(fields.framesOut),
    framesDropped: count(fields.framesDropped),
    cardFrames: count(fields.cardFrames),
    stageTimes: Object.fromEntries(stages),
    frameAge: typeof age.p50 === "number" ? { p50: age.p50, p95: count(age.p95) } : null,
    codecTimes: { receiving: time(codec.receiving), sending: time(codec.sending) },
    fallback: fields.fallback === true,
  };
}
