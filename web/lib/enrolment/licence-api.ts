/** The call server's interface to links by which somebody is asked to lend their face. */

import { ask, post } from "@/lib/call-server";
import type { Statement } from "./enrolment-api";

/** What a link says: who asks, until when (seconds since 1970), and the words that would be signed. */
export interface Licence {
  licensee: string;
  expiresAt: number;
  /** Whether somebody uses it already. */
  taken: boolean;
  statement: Statement;
}

const LICENCES = "/api/licences";
const FRAGMENT = /^#lend=([A-Za-z0-9_-]{8,256})$/;

/** Every method throws ApiError. */
export const licenceApi = {
  /** The token of a new link. */
  make: async (licensee: string, expiresAt: number): Promise<string> =>
    ((await ask(LICENCES, post({ licensee, expiresAt }))) as { token: string }).token,

  open: async (token: string): Promise<Licence> =>
    (await ask(`${LICENCES}/open`, post({ token }))) as Licence,

  /** A new account for whom the link is for, signed in. */
  enter: async (token: string, name: string): Promise<void> => {
    await ask(`${LICENCES}/account`, post({ token, name }));
  },
};

/** The address that is sent to the person. */
export function licenceLink(origin: string, token: string): string {
  return `${origin}/enrol/#lend=${token}`;
}

/** The token that the address brought, null for none; the address bar is cleared. */
export function takeLicence({
  location,
  history,
}: {
  location: Pick<Location, "hash" | "pathname" | "search">;
  history: Pick<History, "replaceState" | "state">;
}): string | null {
  const token = FRAGMENT.exec(location.hash)?.[1] ?? null;
  if (token !== null) history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}
