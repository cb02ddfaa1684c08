/**
 * Keeps one face on the performer: asks for a leg, watches it, puts a card in its place and asks for another.
 *
 * A worker that dies shows nothing in WebRTC's own states for six seconds (measured: `disconnected` after 6.2 s, `failed`
 * after 16.2 s, never `mute` or `ended`), hence the frame watchdog: 300 ms without a returned frame put the card out.
 */

import { startTicker } from "@/lib/media/ticker";
import type { ClientBody, IceCandidate, Peer, SessionDescription } from "@/lib/signalling/messages";
import { FaceLeg } from "./face-leg";
import { LegRequest } from "./leg-request";
import { type FaceChoice, type LegStatus, NO_FACE } from "./leg-status";
import type { OutgoingVideo } from "./outgoing-video";

export interface KeeperOptions {
  send(message: ClientBody): void;
  outgoing: OutgoingVideo;
  configuration(): RTCConfiguration;
  onChange(status: LegStatus): void;
}

export const SILENT_AFTER_MS = 300;
/**
 * A leg that pauses while its worker still answers is a busy machine as a rule, and a second leg makes that worse; after
 * this long another one is asked for all the same. A worker that is gone is replaced at once.
 */
const REPLACE_AFTER_MS = 2_000;
const WATCH_EVERY_MS = 50;

export class FaceLegKeeper {
  readonly #options: KeeperOptions;
  readonly #stopTicker: () => void;
  readonly #request: LegRequest;
  #status: LegStatus = NO_FACE;
  #camera: MediaStreamTrack | null = null;
  #live: FaceLeg | null = null;
  /** A leg that is being set up; it takes over with its first frame; while another is shown, when its face flows. */
  #next: FaceLeg | null = null;
  /** No frame for 300 ms: the card is out. */
  #absent = false;
  /** The worker's signalling socket is gone: its media may go on, but a pause now means that it died. */
  #suspect = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#request = new LegRequest(options.send);
    this.#stopTicker = startTicker(WATCH_EVERY_MS, () => this.#watch(performance.now()));
  }

  get status(): LegStatus {
    return this.#status;
  }

  get connections(): FaceLeg[] {
    return [this.#live, this.#next].filter((leg) => leg !== null);
  }

  /** The request whose face goes out now; null while there is none. */
  get worn(): string | null {
    return this.#status.state === "live" && this.#live !== null ? this.#live.request : null;
  }

  /** The requests that a worker answers, with the shortest round trip to it in seconds, null while unknown. */
  get lines(): ReadonlyMap<string, number | null> {
    return new Map(this.connections.map(({ request, line }) => [request, line]));
  }

  /** Wear this face: over the running leg if there is one, else over a new one. */
  wear(choice: FaceChoice): void {
    this.#update({ wanted: choice, code: null });
    for (const leg of this.connections) leg.wear({ type: "wear", ...choice });
    if (this.connections.length === 0 && this.#camera !== null) this.#ask();
  }

  /** Take the face off: release every leg. What goes out instead is not this class's business. */
  takeOff(): void {
    this.#endAll(true);
    this.#update(NO_FACE);
  }

  /** The camera whose frames go to the worker; null while it is off (the card is out then). */
  setCamera(camera: MediaStreamTrack | null): void {
    this.#camera = camera;
    if (camera === null) this.#hide();
    for (const leg of this.connections) void leg.setCamera(camera);
    if (camera !== null && this.#status.wanted !== null && this.connections.length === 0) this.#ask();
  }

  /** A face worker has joined. Returns whether it answers this performer's request. */
  workerJoined(peer: Peer): boolean {
    const choice = this.#status.wanted;
    if (peer.role !== "face-worker" || peer.faceLeg === null || peer.faceLeg !== this.#request.id)
      return false;
    if (choice === null) return false;
    this.#next?.close();
    this.#next = this.#newLeg(peer, peer.faceLeg, choice);
    this.#request.answered();
    this.#update({
      state: this.#live === null ? "connecting" : this.#status.state,
      legs: this.#status.legs + 1,
    });
    return true;
  }

  /** The worker's signalling socket was lost or came back. */
  workerPresence(peer: string, present: boolean): void {
    if (this.#live?.worker === peer) this.#suspect = !present;
  }

  /** The worker has left for good: what it held is over at once. */
  workerLost(peer: string): void {
    for (const leg of this.connections) if (leg.worker === peer) this.#lose(leg);
  }

  /** No face worker is free yet; the request is number `place` in line. */
  queued(request: string, place: number): void {
    if (request === this.#request.id && this.#live === null) this.#update({ state: "queued", place });
  }

  unavailable(request: string, code: string, retryable: boolean): void {
    if (request !== this.#request.id) return;
    this.#request.refused(retryable);
    if (this.#live === null) this.#update({ state: "unavailable", code, retryable });
  }

  /** The signalling session began anew: the server has forgotten every request of the old one. */
  sessionRenewed(): void {
    this.#endAll(false);
    if (this.#status.wanted !== null && this.#camera !== null) this.#ask();
  }

  description(from: string, description: SessionDescription): Promise<void> | null {
    return this.#legOf(from)?.handleDescription(description) ?? null;
  }

  candidate(from: string, candidate: IceCandidate): Promise<void> | null {
    return this.#legOf(from)?.handleCandidate(candidate) ?? null;
  }

  renewCredentials(): void {
    const configuration = this.#options.configuration();
    for (const { link } of this.connections) link.renew(configuration).catch(() => undefined);
  }

  restartIce(): void {
    for (const { link } of this.connections) link.restartIce();
  }

  stop(): void {
    this.#stopTicker();
    this.#endAll(true);
  }

  #legOf(peer: string): FaceLeg | undefined {
    return this.connections.find((leg) => leg.worker === peer);
  }

  #newLeg(peer: Peer, request: string, choice: FaceChoice): FaceLeg {
    const { send, configuration } = this.#options;
    const leg = new FaceLeg(peer, request, { type: "wear", ...choice }, this.#camera, configuration(), {
      sendDescription: (description) => send({ type: "description", to: peer.id, description }),
      sendCandidate: (candidate) => send({ type: "candidate", to: peer.id, candidate }),
      onFrame: () => this.#frame(leg),
      onWearing: (wearing, engine) => this.#update({ wearing, engine, code: null }),
      onRefused: (code) => this.#update({ code, retryable: false }),
      onReport: (report) => {
        if (leg === this.#live || this.#live === null) this.#update({ report });
      },
      onDraining: () => this.#drain(leg),
      onState: (state) => {
        if (state === "closed" || leg.connection.connectionState !== "failed") return;
        this.#lose(leg);
      },
    });
    return leg;
  }

  #ask(): void {
    const choice = this.#status.wanted;
    if (choice === null) return;
    const { id } = this.#request;
    if (id !== null && id !== this.#live?.request) this.#request.release(id);
    this.#request.ask(choice);
    if (this.#live === null) this.#update({ state: "requested", wearing: null, engine: null, report: null });
  }

  #frame(leg: FaceLeg): void {
    if (leg === this.#next && this.#mayTakeOver(leg)) this.#takeOver(leg);
    if (leg !== this.#live || this.#camera === null) return;
    if (this.#status.state !== "live" || this.#absent) {
      this.#absent = false;
      this.#abandonReplacement();
      this.#update({ state: "live", code: null });
    }
    if (leg.returned !== null && this.#options.outgoing.current !== leg.returned) {
      this.#options.outgoing.show(leg.returned);
    }
  }

  /** A worker is about to stop: another leg takes over while this one is still shown. */
  #drain(leg: FaceLeg): void {
    if (leg === this.#next) this.#lose(leg);
    else if (leg === this.#live && !this.#request.replaces(leg.request)) this.#ask();
    this.#options.onChange(this.#status);
  }

  #mayTakeOver(leg: FaceLeg): boolean {
    const shown = this.#live !== null && !this.#absent && this.#camera !== null;
    return !shown || leg.mayTakeOver(performance.now());
  }

  #takeOver(leg: FaceLeg): void {
    const old = this.#live;
    this.#next = null;
    this.#live = leg;
    this.#absent = false;
    this.#suspect = false;
    if (old !== null) {
      if (leg.returned !== null && this.#camera !== null) this.#options.outgoing.show(leg.returned);
      old.close();
      this.#request.release(old.request);
    }
  }

  /** The old leg came back before the new one was there: keep it. */
  #abandonReplacement(): void {
    const { id } = this.#request;
    if (this.#live === null || this.#live.draining || id === this.#live.request) return;
    if (id !== null) this.#request.release(id);
    this.#next?.close();
    this.#next = null;
    this.#request.goBackTo(this.#live.request);
  }

  #lose(leg: FaceLeg): void {
    leg.close();
    if (leg === this.#live) {
      this.#live = null;
      this.#hide();
    }
    if (leg === this.#next) this.#next = null;
    if (leg.request === this.#request.id || this.#request.id === null) {
      this.#request.release(leg.request);
      this.#request.giveUp();
      if (this.#status.wanted !== null && this.#camera !== null) this.#ask();
    }
  }

  #hide(): void {
    this.#options.outgoing.showCard();
    if (this.#status.state === "live") this.#update({ state: "silent" });
  }

  #watch(now: number): void {
    if (this.#camera === null || this.#status.wanted === null) return;
    if (this.#live !== null) this.#watchLive(this.#live, now);
    if (this.#request.dueAgain(now)) this.#ask();
    if (this.connections.length === 0 && this.#status.state === "requested" && this.#request.unanswered(now))
      this.#ask();
    if (this.#next !== null && this.#request.unconnected(now)) this.#lose(this.#next);
    this.#count();
  }

  #watchLive(leg: FaceLeg, now: number): void {
    const silence = now - (leg.lastFrameAt ?? now);
    if (silence <= SILENT_AFTER_MS) return;
    if (!this.#absent) {
      this.#absent = true;
      this.#hide();
    }
    const patience = this.#suspect ? SILENT_AFTER_MS : REPLACE_AFTER_MS;
    if (silence > patience && !this.#request.replaces(leg.request)) this.#ask();
  }

  /** Figures once in a while only: every change renders the page again. */
  #count(): void {
    const framesReceived = this.connections.reduce((sum, leg) => sum + leg.framesReceived, 0);
    if (framesReceived - this.#status.framesReceived < 15 && framesReceived >= this.#status.framesReceived)
      return;
    const { loopDelay = null, returning = null } = this.#live ?? {};
    this.#update({ framesReceived, loopDelay, returning });
  }

  #endAll(release: boolean): void {
    const { id } = this.#request;
    for (const leg of this.connections) {
      if (release) this.#request.release(leg.request);
      leg.close();
    }
    if (release && id !== null && this.connections.every((leg) => leg.request !== id)) {
      this.#request.release(id);
    }
    this.#live = null;
    this.#next = null;
    this.#request.forget();
    this.#hide();
  }

  #update(change: Partial<LegStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#options.onChange(this.#status);
  }
}
