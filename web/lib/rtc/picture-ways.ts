/**
 * Server relay, the viewer's end: the other's picture by way of their client and straight from their face worker, and
 * which of the two is shown.
 *
 * A frame of the worker's counts only while it may be shown, like any other: disclosed over its own connection.
 */

import { watchFrames } from "@/lib/media/frame-clock";
import type { ClientBody, Peer } from "@/lib/signalling/messages";
import type { RelaySnapshot } from "./call-snapshot";
import { OpenedWorker } from "./opened-worker";
import type { ConnectionMessage } from "./participants";
import { RelayChoice, type Way } from "./relay-choice";
import type { LinkFigures } from "./stats";

export interface PictureWaysOptions {
  send(message: ClientBody): void;
  configuration(): RTCConfiguration;
  /** Whether a picture of this face worker may be shown. */
  mayShow(worker: string, performer: string): boolean;
  /** A worker is there or gone, or the other way is shown. */
  onChange(): void;
  /** The connection to this worker got a description, or changed its state. */
  onConnection(worker: string): void;
  /** The connection to this worker was given up: what was said of it is void. */
  onDisconnected(worker: string): void;
}

export class PictureWays {
  readonly #options: PictureWaysOptions;
  readonly #choice = new RelayChoice();
  /** The face worker that is open to us; a room has one other performer. */
  #worker: OpenedWorker | null = null;
  /** Opened to us while in the lobby. */
  #waiting: { peer: Peer; performer: string } | null = null;
  #entered = false;
  #client: MediaStreamTrack | null = null;
  #stopWatchingClient: (() => void) | null = null;

  constructor(options: PictureWaysOptions) {
    this.#options = options;
  }

  /** By which way they are shown: the client's wherever the worker's picture may not be. */
  get way(): Way {
    return this.#worker !== null && this.#mayShow(this.#worker) ? this.#choice.way : "client";
  }

  /** Seconds by which the picture that is shown is earlier than the one by client relay. */
  get lead(): number {
    return this.way === "server" ? this.#choice.lead : 0;
  }

  /** From the worker's encoder to our decoder, seconds; null while unknown. */
  get passage(): number | null {
    return this.#worker?.passage ?? null;
  }

  /** Of the connection to the worker; null where there is none. */
  get figures(): LinkFigures | null {
    return this.#worker?.figures ?? null;
  }

  /** The connection to this worker; null for anybody else. */
  connection(peer: string): RTCPeerConnection | null {
    return this.#of(peer)?.link.connection ?? null;
  }

  /** Whose face this worker shows; null for anybody else. */
  performerOf(peer: string): string | null {
    if (this.#waiting?.peer.id === peer) return this.#waiting.performer;
    return this.#of(peer)?.performer ?? null;
  }

  /** What pages show of it; null while no worker of this performer is open to us. */
  snapshot(performer: string): RelaySnapshot | null {
    const worker = this.#worker;
    if (worker === null || worker.performer !== performer) return null;
    return { way: this.way, video: worker.video, mayShow: this.#mayShow(worker), figures: worker.figures };
  }

  /** Out of the lobby. */
  enter(): void {
    this.#entered = true;
    if (this.#waiting !== null) this.joined(this.#waiting.peer, this.#waiting.performer);
    this.#waiting = null;
  }

  /** A performer has opened their face worker to us: its picture is compared with theirs. */
  joined(peer: Peer, performer: string): void {
    if (!this.#entered) {
      this.#waiting = { peer, performer };
      return;
    }
    this.#drop();
    const { send, configuration, onChange, onConnection } = this.#options;
    const worker = new OpenedWorker(peer, performer, configuration(), {
      sendDescription: (description) => send({ type: "description", to: peer.id, description }),
      sendCandidate: (candidate) => send({ type: "candidate", to: peer.id, candidate }),
      onState: () => onConnection(peer.id),
      onMedia: onChange,
      onFrame: (at) => {
        if (worker === this.#worker && this.#mayShow(worker)) this.#arrived("server", at);
      },
    });
    this.#worker = worker;
    this.#watchClient();
    onChange();
  }

  /** This worker is gone, or closed to us. */
  left(peer: string): void {
    if (this.#waiting?.peer.id === peer) this.#waiting = null;
    if (this.#of(peer) === null) return;
    this.#drop();
    this.#options.onChange();
  }

  /** What such a worker says; null for anybody else. */
  receive(message: ConnectionMessage): Promise<void> | null {
    const worker = this.#of(message.from);
    if (worker === null) return null;
    if (message.type === "candidate") return worker.link.handleCandidate(message.candidate);
    return worker.link
      .handleDescription(message.description)
      .then(() => this.#options.onConnection(message.from));
  }

  /** The picture by client relay, null while there is none. */
  follow(client: MediaStreamTrack | null): void {
    if (client === this.#client) return;
    this.#client = client;
    this.#watchClient();
  }

  async measure(): Promise<void> {
    await this.#worker?.measure();
  }

  /** How late the picture is by either way, seconds; null while unknown. `now`: performance.now(). */
  compare(now: number, client: number | null, server: number | null): void {
    this.#choice.measured(now, client, server);
  }

  renewCredentials(): void {
    this.#worker?.link.renew(this.#options.configuration()).catch(() => undefined);
  }

  restartIce(): void {
    this.#worker?.link.restartIce();
  }

  /** The signalling session began anew, or is over. */
  clear(): void {
    this.#waiting = null;
    this.#drop();
  }

  #of(peer: string): OpenedWorker | null {
    return this.#worker?.id === peer ? this.#worker : null;
  }

  #mayShow(worker: OpenedWorker): boolean {
    return this.#options.mayShow(worker.id, worker.performer);
  }

  #arrived(way: Way, at: number): void {
    const before = this.#choice.way;
    this.#choice.arrived(way, at);
    if (this.#choice.way !== before) this.#options.onChange();
  }

  /** Frames by client relay are of interest only while there is another way. */
  #watchClient(): void {
    this.#stopWatchingClient?.();
    const watched = this.#worker === null ? null : this.#client;
    this.#stopWatchingClient =
      watched === null ? null : watchFrames(watched, (at) => this.#arrived("client", at));
  }

  #drop(): void {
    const worker = this.#worker;
    if (worker === null) return;
    this.#worker = null;
    this.#choice.serverLost();
    this.#watchClient();
    worker.close();
    this.#options.onDisconnected(worker.id);
  }
}
