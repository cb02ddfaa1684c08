/**
 * What the call server has disclosed of the other participants, verified, and what somebody here has acknowledged.
 *
 * A disclosure counts for one connection: the certificate that it names must be the one in the description this browser
 * applied and, as far as the browser tells, the one its transport has.
 */

import type { ClientBody, IdentityKind, Peer } from "@/lib/signalling/messages";
import { certificateOf, fingerprintOf } from "./fingerprint";
import { type Failure, type Gate, gateOf, kindsOf, NOTHING_TOLD, type Told } from "./gate";
import { PublishedKeys } from "./published-keys";
import { roomName } from "./room-name";
import { type DisclosedLeg, type Disclosure, verifyDisclosure } from "./statement";

export interface DisclosuresOptions {
  room: string;
  /** The connection to a participant, or to a face worker that is open to us; null before there is one. */
  connection(peer: string): RTCPeerConnection | null;
  /** Whose face such a worker shows; null for anybody else. */
  performerOf(worker: string): string | null;
  send(message: ClientBody): void;
  onChange(): void;
}

/** What pages show of it. */
export interface Disclosed {
  gate: Gate;
  legs: readonly DisclosedLeg[];
  /** Of all legs that were disclosed over this connection, newest first: pictures of the last may still be on their way. */
  tags: readonly string[];
}

interface Entry {
  statement: string;
  disclosure: Disclosure | null;
  told: Told;
  tags: readonly string[];
  announced: boolean;
}

const ASK_KEYS_AGAIN_MS = 2_000;
const MAX_TAGS = 8;

export class Disclosures {
  readonly #options: DisclosuresOptions;
  readonly #keys = new PublishedKeys();
  readonly #room: Promise<string>;
  readonly #entries = new Map<string, Entry>();
  readonly #acknowledged = new Map<string, Set<IdentityKind>>();
  #closed = false;

  constructor(options: DisclosuresOptions) {
    this.#options = options;
    this.#room = roomName(options.room);
    this.#room.catch(() => undefined); // without a secure context nothing verifies, and nothing is shown
  }

  /** state: what the performer says of themselves, also where `id` is their face worker. */
  of({ id, state }: Pick<Peer, "id" | "state">): Disclosed {
    const { told, tags } = this.#entries.get(id) ?? { told: NOTHING_TOLD, tags: [] };
    return {
      gate: gateOf(state, told, this.#knownOf(id) ?? new Set()),
      legs: told.state === "verified" ? told.legs : [],
      tags,
    };
  }

  /** The call server has disclosed something. What was verified before holds until this is. */
  receive(from: string, statement: string): void {
    const before = this.#entries.get(from);
    const entry: Entry = {
      statement,
      disclosure: null,
      told: before?.told.state === "verified" ? before.told : NOTHING_TOLD,
      tags: before?.tags ?? [],
      announced: false,
    };
    this.#entries.set(from, entry);
    void this.#verify(from, entry);
  }

  /** Somebody here knows what was disclosed of this participant: their picture may be shown. */
  acknowledge(peer: string): void {
    const told = this.#entries.get(peer)?.told;
    if (told?.state !== "verified") return;
    const known = this.#acknowledged.get(peer) ?? new Set();
    for (const kind of kindsOf(told.legs)) known.add(kind);
    this.#acknowledged.set(peer, known);
    for (const [from, entry] of this.#entries) this.#announce(from, entry);
    this.#options.onChange();
  }

  /** The connection to a participant got a description, or came about. */
  connectionChanged(peer: string): void {
    const entry = this.#entries.get(peer);
    if (entry !== undefined) void this.#compare(peer, entry);
  }

  /** The connection to a participant is over: what was disclosed of it says nothing of the next. */
  forget(peer: string): void {
    this.#entries.delete(peer);
  }

  clear(): void {
    this.#entries.clear();
  }

  close(): void {
    this.#closed = true;
    this.clear();
  }

  async #verify(peer: string, entry: Entry): Promise<void> {
    let published: Awaited<ReturnType<PublishedKeys["get"]>>;
    try {
      published = await this.#keys.get();
    } catch {
      this.#fail(peer, entry, "keys_unavailable");
      setTimeout(() => {
        if (this.#isNewest(peer, entry)) void this.#verify(peer, entry);
      }, ASK_KEYS_AGAIN_MS);
      return;
    }
    if (entry.told.state === "failed") entry.told = NOTHING_TOLD; // for want of keys
    try {
      const disclosure = await verifyDisclosure(entry.statement, published);
      const isOfHere =
        disclosure.room === (await this.#room) && disclosure.performer === this.#performer(peer);
      if (!isOfHere) return this.#fail(peer, entry, "misplaced");
      entry.disclosure = disclosure;
    } catch {
      return this.#fail(peer, entry, "unverified");
    }
    await this.#compare(peer, entry);
  }

  /** With the connection itself; without one yet, everything waits for it. */
  async #compare(peer: string, entry: Entry): Promise<void> {
    const { disclosure } = entry;
    const connection = this.#options.connection(peer);
    const description = connection?.remoteDescription ?? null;
    if (disclosure === null || connection === null || description === null) return;
    if (fingerprintOf(description.sdp) !== disclosure.fingerprint)
      return this.#fail(peer, entry, "misplaced");
    let bound = false;
    if (connection.connectionState === "connected") {
      const certificate = certificateOf(await connection.getStats());
      if (certificate !== null && certificate !== disclosure.fingerprint) {
        return this.#fail(peer, entry, "misplaced");
      }
      bound = true;
    }
    this.#accept(peer, entry, disclosure, bound);
  }

  #accept(peer: string, entry: Entry, { legs }: Disclosure, bound: boolean): void {
    if (!this.#isNewest(peer, entry) || entry.told.state === "failed") return;
    const { told } = entry;
    // A connection that breaks keeps its certificate.
    if (told.state === "verified" && told.legs === legs && (told.bound || !bound)) return;
    entry.told = { state: "verified", legs, bound };
    entry.tags = [...new Set([...legs.map(({ tag }) => tag), ...entry.tags])].slice(0, MAX_TAGS);
    this.#announce(peer, entry);
    this.#options.onChange();
  }

  #fail(peer: string, entry: Entry, reason: Failure): void {
    if (!this.#isNewest(peer, entry)) return;
    entry.told = { state: "failed", reason };
    this.#options.onChange();
  }

  /** Say once for every disclosure that it is known, as soon as it is of kinds that somebody has acknowledged. */
  #announce(peer: string, entry: Entry): void {
    const { told } = entry;
    const known = this.#knownOf(peer);
    if (entry.announced || told.state !== "verified" || known === undefined) return;
    if (!kindsOf(told.legs).every((kind) => known.has(kind))) return;
    entry.announced = true;
    this.#options.send({
      type: "disclosure-acknowledged",
      to: peer,
      tags: told.legs.map(({ tag }) => tag),
    });
  }

  #performer(peer: string): string {
    return this.#options.performerOf(peer) ?? peer;
  }

  #knownOf(peer: string): ReadonlySet<IdentityKind> | undefined {
    return this.#acknowledged.get(this.#performer(peer));
  }

  #isNewest(peer: string, entry: Entry): boolean {
    return !this.#closed && this.#entries.get(peer) === entry;
  }
}
