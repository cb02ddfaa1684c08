/** The call server's HTTP interface: rooms, tickets and the faces one can wear. */

import { ask, post } from "@/lib/call-server";
import type { IdentityKind } from "./messages";

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
  /** Learned on this installation, from a capture. */
  learned: boolean;
}

export interface Rejoin {
  peer: string;
  rejoin: string;
}

/** What the service's audit log has of a call; `checkpoint` is the same, signed. `time` in ms. */
export interface Receipt {
  entries: number;
  seq: number;
  hash: string;
  time: number;
  tags: string[];
  checkpoint: string;
}

/** A new room and its link. Throws ApiError. */
export async function createRoom(): Promise<Room> {
  return (await ask("/api/rooms", post({}))) as Room;
}

/** A single-use ticket into a room; `again` lets a participant come back as the same peer. Throws ApiError. */
export async function requestTicket(room: string, again: Rejoin | null): Promise<Ticket> {
  return (await ask(`/api/rooms/${encodeURIComponent(room)}/tickets`, post(again ?? {}))) as Ticket;
}

/** The receipt of a call, once this participant has left it. Throws ApiError. */
export async function requestReceipt(room: string, left: string): Promise<Receipt> {
  const path = `/api/rooms/${encodeURIComponent(room)}/receipt?left=${encodeURIComponent(left)}`;
  return (await ask(path, { method: "GET" })) as Receipt;
}

/** Where a recording of a call is fetched, by what opens it. */
export function recordingUrl(file: string): string {
  return `/api/recordings/${encodeURIComponent(file)}`;
}

/** The faces that can be worn. Throws ApiError. */
export async function listIdentities(): Promise<Identity[]> {
  return (await ask("/api/identities", { method: "GET" })) as Identity[];
}

/** The address of an identity's picture, or null for one that has none. */
export function thumbnailUrl(identity: Identity): string {
  return identity.thumbnail ?? `/api/identities/${encodeURIComponent(identity.name)}/thumbnail.webp`;
}
