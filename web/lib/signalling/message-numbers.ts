/**
 * The numbers of a session's messages in both directions: with them each message is handled exactly once, however many
 * sockets it takes. Numbers begin at one; zero is for messages about the session itself.
 */

import type { ClientBody, ClientMessage } from "./messages";

export class MessageNumbers {
  #next = 1;
  #unacknowledged: ClientMessage[] = [];
  #received = 0;
  #acknowledged = 0;

  /** A new session; received: the newest number of the server. */
  begin(received: number): void {
    this.#next = 1;
    this.#unacknowledged = [];
    this.#received = received;
    this.#acknowledged = received;
  }

  /** The newest number of the server. */
  get received(): number {
    return this.#received;
  }

  /** What the server is not known to have got, oldest first. */
  get unacknowledged(): readonly ClientMessage[] {
    return this.#unacknowledged;
  }

  /** Give a message its number, and keep it until the server has it. */
  number(body: ClientBody): ClientMessage {
    const message: ClientMessage = { ...body, seq: this.#next++ };
    this.#unacknowledged.push(message);
    return message;
  }

  /** The server has everything up to this number. */
  confirm(received: number): void {
    this.#unacknowledged = this.#unacknowledged.filter((message) => message.seq > received);
  }

  /** The server's message of this number has come. Returns whether it is new; a replayed one is not. */
  accept(seq: number): boolean {
    if (seq <= this.#received) return false;
    this.#received = seq;
    return true;
  }

  /** The number to acknowledge now; null if the server knows already. */
  acknowledge(): number | null {
    if (this.#acknowledged === this.#received) return null;
    this.#acknowledged = this.#received;
    return this.#received;
  }
}
