/** Passkeys in this browser (WebAuthn Level 3): making one, and signing in with one. */

import { ApiError } from "@/lib/call-server";
import { accountApi } from "./account-api";

/** What `PublicKeyCredential.toJSON()` gives, of which the server needs this much; TypeScript knows none of it. */
interface Answer<Response> {
  id: string;
  rawId: string;
  type: string;
  response: Response;
}
type Made = Record<"clientDataJSON" | "attestationObject", string>;
type Signed = Record<"clientDataJSON" | "authenticatorData" | "signature", string> & { userHandle?: string };

/** Whether this browser can. */
export function browserHasPasskeys(): boolean {
  return typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;
}

/**
 * Make a passkey: of who is signed in, or of a new account of this name.
 *
 * Throws ApiError: the server's, `passkey_cancelled` when the person or the browser gave up, `passkey_known` when this
 * device has one already.
 */
export async function makePasskey(name = ""): Promise<void> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await accountApi.creationOptions(name));
  const made = await asking(navigator.credentials.create({ publicKey }));
  // Not all of toJSON(): what else is in it the server does not look at, and it may be long.
  const { id, rawId, type, response } = made.toJSON() as Answer<Made>;
  const { clientDataJSON, attestationObject } = response;
  await accountApi.keepPasskey({ id, rawId, type, response: { clientDataJSON, attestationObject } });
}

/** Sign in with a passkey of this service. Throws ApiError: the server's, and `passkey_cancelled`. */
export async function signInWithPasskey(): Promise<void> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await accountApi.signInOptions());
  const found = await asking(navigator.credentials.get({ publicKey }));
  const { id, rawId, type, response } = found.toJSON() as Answer<Signed>;
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  await accountApi.signInWithPasskey({
    id,
    rawId,
    type,
    response: { clientDataJSON, authenticatorData, signature, userHandle },
  });
}

async function asking(answer: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await answer;
    if (credential !== null) return credential as PublicKeyCredential;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "InvalidStateError") {
      throw new ApiError("passkey_known", "this device has a passkey of the account", false);
    }
  }
  throw new ApiError("passkey_cancelled", "the browser gave no passkey", true);
}
