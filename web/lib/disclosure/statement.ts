/** A signed disclosure, verified: the twin of src/talchum/domain/disclosure.py. */

import { createLocalJWKSet, jwtVerify } from "jose";
import { IDENTITY_KINDS, type IdentityKind } from "@/lib/signalling/messages";
import type { Published } from "./published-keys";

export interface DisclosedLeg {
  tag: string;
  kind: IdentityKind;
  engine: string;
}

export interface Disclosure {
  room: string;
  performer: string;
  legs: readonly DisclosedLeg[];
  /** Of the certificate that the connection to the performer must have, `sha-256 AB:CD:...`. */
  fingerprint: string;
}

export const DISCLOSURE_TYPE = "talchum-disclosure+jwt";
export const TAG = /^[0-9A-HJKMNP-TV-Z]{8}$/;
const MAX_LEGS = 8;
const LIFETIME_SECONDS = 3_600;
/** Between call servers, and for what the statement was on the way. */
const CLOCK_TOLERANCE_SECONDS = 300;

/** What a statement discloses. Throws when its signature, type or time is not as it must be, or its claims are not. */
export async function verifyDisclosure(statement: string, published: Published): Promise<Disclosure> {
  const { payload } = await jwtVerify(statement, createLocalJWKSet(published.keys), {
    algorithms: ["EdDSA"],
    typ: DISCLOSURE_TYPE,
    currentDate: published.time(),
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    maxTokenAge: LIFETIME_SECONDS,
    requiredClaims: ["iat", "exp"],
  });
  const { room, performer, legs, fingerprint } = payload;
  if (!isText(room) || !isText(performer) || !isText(fingerprint)) throw new TypeError("got other claims");
  if (!Array.isArray(legs) || legs.length === 0 || legs.length > MAX_LEGS) throw new TypeError("got no legs");
  return { room, performer, legs: legs.map(readLeg), fingerprint };
}

function readLeg(leg: unknown): DisclosedLeg {
  const { tag, kind, engine } = (leg ?? {}) as Record<string, unknown>;
  const known = IDENTITY_KINDS.find((candidate) => candidate === kind);
  if (!isText(tag) || !TAG.test(tag) || known === undefined || !isText(engine)) {
    throw new TypeError("got a leg that is none");
  }
  return { tag, kind: known, engine };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
