/** The call server's HTTP interface to enrolments. No picture goes this way: a face worker sees the camera. */

import { ask, post } from "@/lib/call-server";

/** What somebody agrees to: until when, or by which link. Times in seconds since 1970. */
export interface Wish {
  title: string;
  expiresAt?: number;
  licence?: string;
  agreed: boolean;
  adult: boolean;
  keeps: boolean;
}

export interface Statement {
  en: string;
  ko: string;
}

/** handle: takes the consent back, and is shown by no other answer. */
export interface Offer {
  enrolment: string;
  identity: string;
  statement: Statement;
  handle: string;
  beginWithin: number;
}

export type EnrolmentState = "offered" | "taken" | "failed" | "passed" | "learned" | "granted" | "dropped";

export interface Enrolled {
  enrolment: string;
  identity: string;
  title: string;
  scope: "self" | "licensed";
  state: EnrolmentState;
  outcome: string;
  consent: string | null;
  job: {
    state: string;
    phase: string;
    step: number;
    steps: number;
    secondsLeft: number | null;
    error: string | null;
  } | null;
}

const ENROLMENTS = "/api/enrolments";
const named = (enrolment: string): string => `${ENROLMENTS}/${encodeURIComponent(enrolment)}`;

/** Every method throws ApiError. */
export const enrolmentApi = {
  statement: async (expiresAt: number): Promise<Statement> =>
    ((await ask(`${ENROLMENTS}/statement?expiresAt=${expiresAt}`, {})) as { statement: Statement }).statement,

  offer: async (wish: Wish): Promise<Offer> => (await ask(ENROLMENTS, post(wish))) as Offer,

  show: async (enrolment: string): Promise<Enrolled> => (await ask(named(enrolment), {})) as Enrolled,

  /** Those that were passed and have become no face yet. */
  underWay: async (): Promise<Enrolled[]> =>
    ((await ask(ENROLMENTS, {})) as { enrolments: Enrolled[] }).enrolments,

  withdraw: async (enrolment: string): Promise<void> => {
    await ask(named(enrolment), { method: "DELETE" });
  },
};
