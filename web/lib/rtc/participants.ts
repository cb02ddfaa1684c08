/**
 * The other participants: who is in the room, and the connection to each of them.
 *
 * Connections are made from `enter` on. What others send before that waits.
 */

import type { Disclosed } from "@/lib/disclosure/disclosures";
import type { ClientBody, ParticipantState, Peer, ServerMessage } from "@/lib/signalling/messages";
import type { RelaySnapshot, RemoteSnapshot } from "./call-snapshot";
import type { DelayMessage } from "./delay";
import type { OutgoingVideo } from "./outgoing-video";
import { ParticipantLink } from "./participant-link";

export interface ParticipantsOptions {
  send(message: ClientBody): void;
  configuration(): RTCConfiguration;
  outgoing: OutgoingVideo;
  /** The sound a new connection starts with. */
  voice(): MediaStreamTrack | null;
  /** Who is there, what they show, or how the connection to them is. */
  onChange(): void;
  /** What is known of the face that a participant wears. */
  disclosed(peer: Peer): Disclosed;
  /** The connection to this participant got a description, or changed its state. */
  onConnection(peer: string): void;
  /** The connection to this participant was given up: what was measured on it, or said of it, is void. */
  onDisconnected(peer: string): void;
  onDelayMessage(message: DelayMessage): void;
  /** Their picture straight from their face worker; null where it is not to be had. */
  relayed(peer: string): RelaySnapshot | null;
}

/** What one peer says to another about their connection. */
export type ConnectionMessage = Extract<ServerMessage, { type: "description" | "candidate" }>;

export class Participants {
  readonly #options: ParticipantsOptions;
  readonly #links = new Map<string, ParticipantLink>();
  /** Who has acknowledged what was disclosed to them of this side. */
  readonly #knowing = new Set<string>();
  #peers = new Map<string, Peer>();
  #waiting: ConnectionMessage[] = [];
  #entered = false;
  #closed = false;

  constructor(options: ParticipantsOptions) {
    this.#options = options;
  }

  /** The connection whose delay is measured: a room has two participants. */
  get link(): ParticipantLink | undefined {
    const [link] = this.#links.values();
    return link;
  }

  /** The connection to this participant; null before there is one. */
  connection(peer: string): RTCPeerConnection | null {
    return this.#links.get(peer)?.link.connection ?? null;
  }

  /** The other participant as pages show them; null while nobody else is there. */
  get remote(): RemoteSnapshot | null {
    const [peer] = this.#peers.values();
    if (peer === undefined) return null;
    const link = this.#links.get(peer.id);
    return {
      peer: peer.id,
      state: peer.state,
      present: peer.present,
      link: link?.link.state ?? "connecting",
      figures: link?.figures ?? null,
      video: link?.video ?? null,
      voice: link?.voice ?? null,
      relay: this.#options.relayed(peer.id),
      hasVideo: (link?.video.getVideoTracks().length ?? 0) > 0,
      disclosed: this.#options.disclosed(peer),
      knows: this.#knowing.has(peer.id),
    };
  }

  /** Those who are connected, with the shortest round trip to them in seconds. */
  get lines(): ReadonlyMap<string, number> {
    const known = [...this.#links].map(([peer, { line }]) => [peer, line] as const);
    return new Map(known.filter((entry): entry is [string, number] => entry[1] !== null));
  }

  /** What this participant says of themselves; null for somebody who is not there. */
  stateOf(peer: string): ParticipantState | null {
    return this.#peers.get(peer)?.state ?? null;
  }

  /** Whether this participant says that they wear a face. */
  wearsFace(peer: string): boolean {
    return this.#peers.get(peer)?.state.face != null;
  }

  /** The signalling session began (anew): these are there, and no connection of an earlier one is left. */
  begin(peers: readonly Peer[]): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.#knowing.clear();
    this.#waiting = [];
    const participants = peers.filter((peer) => peer.role === "participant");
    this.#peers = new Map(participants.map((peer) => [peer.id, peer]));
  }

  /** Out of the lobby: connect to everybody and read what they have sent. */
  enter(): void {
    this.#entered = true;
    this.connect();
    for (const message of this.#waiting.splice(0)) this.#deliver(message);
  }

  /** Connect to everybody who is not connected yet, unless still in the lobby. */
  connect(): void {
    if (!this.#entered || this.#closed) return;
    for (const peer of this.#peers.values()) {
      if (!this.#links.has(peer.id)) this.#links.set(peer.id, this.#newLink(peer));
    }
  }

  joined(peer: Peer): void {
    this.#disconnect(peer.id);
    this.#peers.set(peer.id, peer);
    this.connect();
    this.#options.onChange();
  }

  /** Returns whether it was a participant. */
  left(peer: string): boolean {
    if (!this.#peers.delete(peer)) return false;
    this.#disconnect(peer);
    this.#waiting = this.#waiting.filter((message) => message.from !== peer);
    this.#options.onChange();
    return true;
  }

  update(id: string, change: Partial<Pick<Peer, "state" | "present">>): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.set(id, { ...peer, ...change });
    this.#options.onChange();
  }

  /** This participant knows which face is worn here. */
  acknowledged(peer: string): void {
    if (!this.#peers.has(peer)) return;
    this.#knowing.add(peer);
    this.#options.onChange();
  }

  /** Another kind of face comes, of which nobody knows yet. */
  forgetAcknowledgements(): void {
    this.#knowing.clear();
    this.#options.onChange();
  }

  receive(message: ConnectionMessage): void {
    if (this.#entered) this.#deliver(message);
    else this.#waiting.push(message);
  }

  /** Send everybody this sound from now on. */
  setVoice(track: MediaStreamTrack | null): void {
    for (const link of this.#links.values()) this.#settle(link.setMicrophone(track));
  }

  renewCredentials(): void {
    for (const { link } of this.#links.values()) this.#settle(link.renew(this.#options.configuration()));
  }

  restartIce(): void {
    for (const { link } of this.#links.values()) link.restartIce();
  }

  close(): void {
    this.#closed = true;
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #newLink(peer: Peer): ParticipantLink {
    const { send, configuration, outgoing, voice, onChange, onConnection, onDelayMessage } = this.#options;
    return new ParticipantLink(peer, configuration(), outgoing, voice(), {
      sendDescription: (description) => send({ type: "description", to: peer.id, description }),
      sendCandidate: (candidate) => send({ type: "candidate", to: peer.id, candidate }),
      onState: () => {
        onConnection(peer.id);
        onChange();
      },
      onMedia: onChange,
      onRoute: (route) => send({ type: "route", route }),
      onDelayMessage,
    });
  }

  #disconnect(peer: string): void {
    this.#links.get(peer)?.close();
    this.#links.delete(peer);
    this.#knowing.delete(peer);
    this.#options.onDisconnected(peer);
  }

  #deliver(message: ConnectionMessage): void {
    const link = this.#links.get(message.from);
    if (link === undefined) return;
    if (message.type === "candidate") {
      this.#settle(link.handleCandidate(message.candidate));
      return;
    }
    this.#settle(
      link.handleDescription(message.description).then(() => this.#options.onConnection(message.from)),
    );
  }

  /** What the browser refuses must not end the call: ICE restart or the other side try again. */
  #settle(work: Promise<void>): void {
    work.catch(() => undefined);
  }
}
