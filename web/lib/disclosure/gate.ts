/** Whether a participant's picture may be shown, and if not, why: closed unless everything holds. */

import type { IdentityKind, ParticipantState } from "@/lib/signalling/messages";
import type { DisclosedLeg } from "./statement";

/** What is known of the newest disclosure of a participant. */
export type Told =
  | { state: "nothing" }
  | { state: "failed"; reason: Failure }
  /** `bound`: the connection is up, and its certificate is the disclosed one. */
  | { state: "verified"; legs: readonly DisclosedLeg[]; bound: boolean };

export type Failure = "unverified" | "misplaced" | "keys_unavailable";

export type Gate =
  | { state: "open" }
  /** Neither a worn nor an own face has been declared. */
  | { state: "undeclared" }
  /** A face is declared, and its disclosure has not come or is being checked. */
  | { state: "waiting" }
  | { state: "ask"; kinds: readonly IdentityKind[] }
  | { state: "failed"; reason: Failure };

export const NOTHING_TOLD: Told = { state: "nothing" };

/** acknowledged: the kinds of face that somebody here has said they know of, of this participant. */
export function gateOf(
  state: Pick<ParticipantState, "face" | "ownFace">,
  told: Told,
  acknowledged: ReadonlySet<IdentityKind>,
): Gate {
  if (state.face === null) return { state: state.ownFace ? "open" : "undeclared" };
  if (told.state === "failed") return { state: "failed", reason: told.reason };
  if (told.state === "nothing") return { state: "waiting" };
  const kinds = kindsOf(told.legs);
  if (kinds.some((kind) => !acknowledged.has(kind))) return { state: "ask", kinds };
  // What is declared to come next, and is not worn yet, is not shown before it is disclosed.
  return { state: told.bound && acknowledged.has(state.face.kind) ? "open" : "waiting" };
}

export function kindsOf(legs: readonly DisclosedLeg[]): IdentityKind[] {
  return [...new Set(legs.map(({ kind }) => kind))];
}
