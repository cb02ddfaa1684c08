/** The call server's HTTP interface: rooms, tickets and the faces one can wear. */

import type { IdentityKind } from "./messages";

/** A request the call server refused, or could not be asked at all (`unreachable`). */
export class ApiError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, retryable: boolean) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.retryable = retryable;
  }
}

export interface Room {
  room: string;
  link: string;
}

/** `rejoin` is the secret with which the same participant may come back after a reload. */
export interface Ticket {
  ticket: string;
  expiresIn: number;
  peer: string;
  rejoin: string;
}

export interface Identity {
  name: string;
  title: { en: string; ko: string };
  description: { en: string; ko: string };
  kind: IdentityKind;
  engines: string[];
  thumbnail: string | null;
}

export interface Rejoin {
  peer: string;
  rejoin: string;
}

async function ask(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new ApiError("unreachable", "the call server did not answer", true);
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  throw new ApiError(
    typeof fields.code === "string" ? fields.code : `http_${response.status}`,
    typeof fields.message === "string" ? fields.message : `the call server answered ${response.status}`,
    typeof fields.retryable === "boolean" ? fields.retryable : response.status >= 500,
  );
}

const post = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** A new room and its link. Throws ApiError. */
export async function createRoom(): Promise<Room> {
  return (await ask("/api/rooms", post({}))) as Room;
}

/** A single-use ticket into a room; `again` lets a participant come back as the same peer. Throws ApiError. */
export async function requestTicket(room: string, again: Rejoin | null): Promise<Ticket> {
  return (await ask(`/api/rooms/${encodeURIComponent(room)}/tickets`, post(again ?? {}))) as Ticket;
}

/** The faces that can be worn. Throws ApiError. */
export async function listIdentities(): Promise<Identity[]> {
  return (await ask("/api/identities", { method: "GET" })) as Identity[];
}

/** The address of an identity's picture, or null for one that has none. */
export function thumbnailUrl(identity: Identity): string {
  return identity.thumbnail ?? `/api/identities/${encodeURIComponent(identity.name)}/thumbnail.webp`;
}
