/**
 * One participant's signalling session: ticket, join, numbering, resume.
 *
 * It never touches media: a lost socket is followed by a `resume` on a new one, what was not acknowledged is sent
 * again and what was missed is replayed by the server, while every RTCPeerConnection goes on. Only when the server
 * no longer knows the session does it join anew (`onWelcome` again), as the same peer by its rejoin secret.
 */

import { ApiError } from "@/lib/call-server";
import { MessageNumbers } from "./message-numbers";
import {
  type ClientBody,
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  MessageError,
  type ServerMessage,
} from "./messages";
import { RoomTickets } from "./room-tickets";

export type SignallingState = "connecting" | "open" | "reconnecting" | "closed";

export type Welcome = Extract<ServerMessage, { type: "welcome" }>;
export type PeerMessage = Exclude<ServerMessage, { type: "welcome" | "resumed" | "pong" }>;

export interface RoomClientEvents {
  /** A new session has begun: peers and connections of an earlier one are void. */
  onWelcome(welcome: Welcome): void;
  /** A message in order, each exactly once. */
  onMessage(message: PeerMessage): void;
  onState(state: SignallingState): void;
  /** The room cannot be entered, or the session cannot go on. */
  onRefused(error: ApiError): void;
}

export interface RoomClientOptions {
  room: string;
  socketUrl: string;
  /** Where the rejoin secret survives a reload (sessionStorage: one tab, one participant). */
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  events: RoomClientEvents;
}

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5_000;
const PING_EVERY_MS = 5_000;
/** A socket that has been silent this long after a ping is taken for dead. */
const SILENCE_MS = 4_000;
const ACKNOWLEDGE_AFTER_MS = 500;

/** Refusals of a whole session after which a fresh ticket may still help. */
const SESSION_GONE = new Set(["session_unknown", "resume_refused", "resume_too_late"]);

export class RoomClient {
  readonly #options: RoomClientOptions;
  readonly #tickets: RoomTickets;
  readonly #numbers = new MessageNumbers();
  #state: SignallingState = "connecting";
  #socket: WebSocket | null = null;
  #session: string | null = null;
  #attempts = 0;
  #nonce = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;
  #acknowledgeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RoomClientOptions) {
    this.#options = options;
    this.#tickets = new RoomTickets(options.room, options.storage);
  }

  get state(): SignallingState {
    return this.#state;
  }

  /** Enter the room; answers come as events. */
  connect(): void {
    void this.#join();
  }

  /** Send one message, now or as soon as a socket is there again. */
  send(body: ClientBody): void {
    if (this.#state === "closed") return;
    const message = this.#numbers.number(body);
    if (this.#state === "open") this.#write(message);
  }

  /** Find out at once whether the socket still lives (the network changed, the page came back). */
  probe(): void {
    if (this.#state === "open") this.#ping();
    else if (this.#retryTimer !== undefined) this.#retryNow();
  }

  /** Leave for good: the place in the room is free again and the rejoin secret is forgotten. */
  leave(): void {
    if (this.#state === "open") this.send({ type: "leave" });
    this.#tickets.forgetRejoin();
    this.close();
  }

  /** Close without leaving: the server keeps the place for as long as a resume is allowed. */
  close(): void {
    this.#setState("closed");
    clearTimeout(this.#retryTimer);
    this.#dropSocket();
  }

  async #join(): Promise<void> {
    let ticket: string;
    try {
      ticket = await this.#tickets.issue();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "unreachable" || error.code === "rate_limited") this.#retryLater();
      else this.#refuse(error);
      return;
    }
    if (this.#state === "closed") return;
    this.#session = null;
    this.#openSocket({ type: "join", ticket, seq: 0 });
  }

  #openSocket(first: ClientMessage): void {
    const socket = new WebSocket(this.#options.socketUrl);
    this.#socket = socket;
    this.#expectAnswer();
    socket.onopen = () => {
      socket.send(encodeClientMessage(first));
      this.#expectAnswer();
    };
    socket.onmessage = (event) => {
      if (socket === this.#socket && typeof event.data === "string") this.#receive(event.data);
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#lost();
    };
  }

  #receive(data: string): void {
    clearTimeout(this.#silenceTimer);
    let message: ServerMessage;
    try {
      message = decodeServerMessage(data);
    } catch (error) {
      if (error instanceof MessageError) return; // one bad message does not end a call
      throw error;
    }
    if (message.seq > 0) {
      if (!this.#numbers.accept(message.seq)) return; // replayed, already handled
      this.#acknowledgeSoon();
    }
    this.#dispatch(message);
  }

  #dispatch(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        this.#begin(message);
        return;
      case "resumed":
        this.#numbers.confirm(message.received);
        this.#opened();
        for (const pending of this.#numbers.unacknowledged) this.#write(pending);
        return;
      case "pong":
        this.#numbers.confirm(message.received);
        return;
      case "error":
        if (message.fatal) {
          this.#fatal(new ApiError(message.code, message.message, message.retryable));
          return;
        }
        break;
      default:
        break;
    }
    this.#options.events.onMessage(message);
  }

  #begin(welcome: Welcome): void {
    this.#session = welcome.session;
    this.#numbers.begin(welcome.seq);
    this.#opened();
    this.#options.events.onWelcome(welcome);
  }

  #opened(): void {
    this.#attempts = 0;
    clearInterval(this.#pingTimer);
    this.#pingTimer = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.#setState("open");
  }

  #fatal(error: ApiError): void {
    if (this.#session !== null && SESSION_GONE.has(error.code)) {
      this.#session = null;
      this.#dropSocket();
      this.#retryLater();
    } else if (error.retryable) {
      this.#dropSocket();
      this.#retryLater();
    } else {
      this.#refuse(error);
    }
  }

  #refuse(error: ApiError): void {
    if (this.#state === "closed") return;
    this.close();
    this.#options.events.onRefused(error);
  }

  #lost(): void {
    this.#dropSocket();
    if (this.#state !== "closed") this.#retryLater();
  }

  #retryLater(): void {
    if (this.#state === "closed") return;
    this.#setState(this.#state === "connecting" ? "connecting" : "reconnecting");
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    clearTimeout(this.#retryTimer);
    // Half fixed, half random: clients of a restarted server do not all come back in the same moment.
    this.#retryTimer = setTimeout(() => this.#retryNow(), longest * (0.5 + Math.random() / 2));
  }

  #retryNow(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    if (this.#session === null) void this.#join();
    else
      this.#openSocket({ type: "resume", session: this.#session, lastSeq: this.#numbers.received, seq: 0 });
  }

  #ping(): void {
    this.#nonce += 1;
    this.#write({ type: "ping", nonce: this.#nonce, seq: 0 });
    this.#expectAnswer();
  }

  #expectAnswer(): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  #acknowledgeSoon(): void {
    if (this.#acknowledgeTimer !== undefined) return;
    this.#acknowledgeTimer = setTimeout(() => {
      this.#acknowledgeTimer = undefined;
      if (this.#state !== "open") return;
      const lastSeq = this.#numbers.acknowledge();
      if (lastSeq !== null) this.#write({ type: "acknowledge", lastSeq, seq: 0 });
    }, ACKNOWLEDGE_AFTER_MS);
  }

  #write(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeClientMessage(message));
  }

  #dropSocket(): void {
    clearInterval(this.#pingTimer);
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#acknowledgeTimer);
    this.#acknowledgeTimer = undefined;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #setState(state: SignallingState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.events.onState(state);
  }
}
