/** Tickets into one room, and the secret by which the same participant comes back after a reload. */

import { ApiError } from "@/lib/call-server";
import { type Rejoin, requestTicket } from "./room-api";

export class RoomTickets {
  readonly #room: string;
  readonly #storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;

  /** storage: where the rejoin secret survives a reload (sessionStorage: one tab, one participant). */
  constructor(room: string, storage: Pick<Storage, "getItem" | "setItem" | "removeItem">) {
    this.#room = room;
    this.#storage = storage;
  }

  /** A single-use ticket, as the same peer as before where there was one. Throws ApiError. */
  async issue(): Promise<string> {
    const saved = this.#savedRejoin();
    try {
      const { ticket, peer, rejoin } = await requestTicket(this.#room, saved);
      this.#storage.setItem(this.#key, JSON.stringify({ peer, rejoin }));
      return ticket;
    } catch (error) {
      // A secret the server no longer knows (it was restarted, the place expired) must not lock a person out.
      if (saved === null || !(error instanceof ApiError) || error.retryable) throw error;
      if (error.code === "room_unknown" || error.code === "room_full") throw error;
      this.forgetRejoin();
      return this.issue();
    }
  }

  forgetRejoin(): void {
    this.#storage.removeItem(this.#key);
  }

  get #key(): string {
    return `talchum:rejoin:${this.#room}`;
  }

  #savedRejoin(): Rejoin | null {
    const saved = this.#storage.getItem(this.#key);
    if (saved === null) return null;
    try {
      const { peer, rejoin } = JSON.parse(saved) as Partial<Rejoin>;
      return typeof peer === "string" && typeof rejoin === "string" ? { peer, rejoin } : null;
    } catch {
      return null;
    }
  }
}
