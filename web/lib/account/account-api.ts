/** The call server's HTTP interface to one's account: signing in and out, passkeys, and consents to faces. */

import { ask, post } from "@/lib/call-server";

export interface Account {
  id: string;
  name: string;
  /** Seconds since 1970, as all times here. */
  createdAt: number;
}

/** Who is signed in, and how somebody may sign in here. */
export interface Entrance {
  account: Account | null;
  registration: "invited" | "open";
  passkeys: boolean;
  /** Whether an OpenID provider vouches for people here. */
  provider: boolean;
}

/** Where a browser goes to have it vouch; it comes back to the page of the account. */
export const PROVIDER = "/api/account/sign-in/provider";

export interface KeptPasskey {
  id: string;
  createdAt: number;
  usedAt: number | null;
}

/** A consent to a face that this account gave, or that names it. */
export interface FaceConsent {
  consent: string;
  identity: string;
  scope: "self" | "licensed";
  given: boolean;
  wearable: boolean;
  wearers: number;
  licensee: string;
  statement: { en: string; ko: string };
  issuedAt: number;
  expiresAt: number;
  endedAt: number | null;
  reason: string | null;
}

const ACCOUNT = "/api/account";
const DELETE: RequestInit = { method: "DELETE" };

/** Every method throws ApiError. */
export const accountApi = {
  entrance: async (): Promise<Entrance> => (await ask(ACCOUNT, {})) as Entrance,

  redeemInvitation: async (token: string, name: string): Promise<void> => {
    await ask(`${ACCOUNT}/sign-in/invitation`, post({ token, name }));
  },

  signOut: async (): Promise<void> => {
    await ask(`${ACCOUNT}/sign-out`, post({}));
  },

  remove: async (): Promise<void> => {
    await ask(ACCOUNT, DELETE);
  },

  passkeys: async (): Promise<KeptPasskey[]> =>
    ((await ask(`${ACCOUNT}/passkeys`, {})) as { passkeys: KeptPasskey[] }).passkeys,

  removePasskey: async (id: string): Promise<KeptPasskey[]> =>
    ((await ask(`${ACCOUNT}/passkeys/${encodeURIComponent(id)}`, DELETE)) as { passkeys: KeptPasskey[] })
      .passkeys,

  /** name: of a new account, where nobody is signed in. */
  creationOptions: async (name: string): Promise<PublicKeyCredentialCreationOptionsJSON> => {
    const answer = await ask(`${ACCOUNT}/passkeys/options`, post({ name }));
    return (answer as { options: PublicKeyCredentialCreationOptionsJSON }).options;
  },

  keepPasskey: async (credential: unknown): Promise<void> => {
    await ask(`${ACCOUNT}/passkeys`, post({ credential }));
  },

  signInOptions: async (): Promise<PublicKeyCredentialRequestOptionsJSON> => {
    const answer = await ask(`${ACCOUNT}/sign-in/passkey/options`, post({}));
    return (answer as { options: PublicKeyCredentialRequestOptionsJSON }).options;
  },

  signInWithPasskey: async (credential: unknown): Promise<void> => {
    await ask(`${ACCOUNT}/sign-in/passkey`, post({ credential }));
  },

  faces: async (): Promise<FaceConsent[]> =>
    ((await ask(`${ACCOUNT}/faces`, {})) as { faces: FaceConsent[] }).faces,

  revoke: async (consent: string): Promise<FaceConsent[]> =>
    (
      (await ask(`${ACCOUNT}/faces/${encodeURIComponent(consent)}/revoke`, post({}))) as {
        faces: FaceConsent[];
      }
    ).faces,

  revokeByHandle: async (handle: string): Promise<void> => {
    await ask("/api/consents/revoke", post({ handle }));
  },
};
