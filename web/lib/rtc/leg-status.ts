/** What is known of the face on the performer: asked for, worn, or why there is none. */

import type { LegReport } from "./leg-messages";

export interface FaceChoice {
  identity: string;
  engine: string | null;
}

export type LegState = "none" | "requested" | "queued" | "connecting" | "live" | "silent" | "unavailable";

export interface LegStatus {
  state: LegState;
  /** The face asked for, and the one the worker says it renders. */
  wanted: FaceChoice | null;
  /** The place in line for a face worker, 1 for the next; only of use while `queued`. */
  place: number;
  wearing: string | null;
  /** By which engine it does, which may be another than the one asked for (`report.fallback`). */
  engine: string | null;
  /** Why there is none (`unavailable`), or why the worker refused a face. */
  code: string | null;
  retryable: boolean;
  report: LegReport | null;
  framesReceived: number;
  legs: number;
  /** Camera to returned frame, seconds; null until measured. */
  loopDelay: number | null;
  /** The part of it that follows the worker's encoder, seconds; null until measured. */
  returning: number | null;
}

export const NO_FACE: LegStatus = {
  state: "none",
  wanted: null,
  place: 1,
  wearing: null,
  engine: null,
  code: null,
  retryable: false,
  report: null,
  framesReceived: 0,
  legs: 0,
  loopDelay: null,
  returning: null,
};
