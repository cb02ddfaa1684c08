/**
 * One face leg: the connection between this performer and one face worker.
 *
 * What comes back is handed on as a ReturnedTrack once its first frame has been seen.
 */

import { watchFrames } from "@/lib/media/frame-clock";
import type { IceCandidate, Peer, SessionDescription } from "@/lib/signalling/messages";
import { decodeLegMessage, type LegReport, type Wear } from "./leg-messages";
import { loopDelay, returning, smoothed } from "./loop-delay";
import { ReturnedTrack } from "./outgoing-video";
import type { LinkState, PeerLink } from "./peer";
import { LineLength } from "./relay-choice";
import { readFigures } from "./stats";
import { WorkerLink } from "./worker-link";

export interface FaceLegEvents {
  sendDescription(description: SessionDescription): void;
  sendCandidate(candidate: IceCandidate): void;
  /** A returned frame has arrived; the first one means that the leg is live. */
  onFrame(): void;
  onWearing(identity: string, engine: string): void;
  onRefused(code: string): void;
  onReport(report: LegReport): void;
  /** The worker is about to stop, and asks for another leg to take over. */
  onDraining(): void;
  onState(state: LinkState): void;
}

/** A leg that returns frames for this long may be shown also without a face: there may be none. */
const FACE_PATIENCE_MS = 3_000;
/** Else it shows a face for this long first: behind a connection's first frame the next may be held up. */
const FLOWING_MS = 500;

export class FaceLeg {
  readonly request: string;
  readonly #events: FaceLegEvents;
  readonly #way: WorkerLink;
  #returned: ReturnedTrack | null = null;
  #stopWatching: (() => void) | null = null;
  #pendingWear: Wear;
  #framesReceived = 0;
  #lastFrameAt: number | null = null;
  #lastStatistics: RTCStatsReport | null = null;
  #loopDelay: number | null = null;
  #returning: number | null = null;
  readonly #line = new LineLength();
  #firstFrameAt: number | null = null;
  #faceAt: number | null = null;
  #draining = false;

  constructor(
    peer: Peer,
    request: string,
    wear: Wear,
    camera: MediaStreamTrack | null,
    configuration: RTCConfiguration,
    events: FaceLegEvents,
  ) {
    this.request = request;
    this.#events = events;
    this.#pendingWear = wear;
    this.#way = new WorkerLink(
      peer,
      camera,
      configuration,
      {
        sendDescription: (description) => events.sendDescription(description),
        sendCandidate: (candidate) => events.sendCandidate(candidate),
        onState: (state) => events.onState(state),
        onOpen: () => this.#sendWear(),
        onData: (data) => this.#receive(data),
      },
      (receiver) => this.#returnedBy(receiver),
    );
  }

  get worker(): string {
    return this.#way.worker;
  }

  /** What the worker sends back, once at least one frame of it has arrived. */
  get returned(): ReturnedTrack | null {
    return this.#framesReceived > 0 ? this.#returned : null;
  }

  /** Whether it may take over from a leg that shows a face: its own flows, or it has had its time to find one. */
  mayTakeOver(now: number): boolean {
    if (this.#firstFrameAt === null) return false;
    const flows = this.#faceAt !== null && now - this.#faceAt >= FLOWING_MS;
    return flows || now - this.#firstFrameAt > FACE_PATIENCE_MS;
  }

  /** Its worker is about to stop. */
  get draining(): boolean {
    return this.#draining;
  }

  get framesReceived(): number {
    return this.#framesReceived;
  }

  /** performance.now() of the newest returned frame, ms. */
  get lastFrameAt(): number | null {
    return this.#lastFrameAt;
  }

  /** Camera to returned frame, seconds; null until measured. */
  get loopDelay(): number | null {
    return this.#loopDelay;
  }

  /** The part of it that follows the worker's encoder, seconds; null until measured. */
  get returning(): number | null {
    return this.#returning;
  }

  /** The shortest round trip to the worker, seconds; null until known. */
  get line(): number | null {
    return this.#line.seconds;
  }

  get connection(): RTCPeerConnection {
    return this.#way.link.connection;
  }

  get link(): PeerLink {
    return this.#way.link;
  }

  handleDescription(description: SessionDescription): Promise<void> {
    return this.link.handleDescription(description);
  }

  handleCandidate(candidate: IceCandidate): Promise<void> {
    return this.link.handleCandidate(candidate);
  }

  /** Put on another face, without renegotiation. */
  wear(wear: Wear): void {
    this.#pendingWear = wear;
    this.#sendWear();
  }

  /** Send another camera (front, back, none while it is off) to the worker, without renegotiation. */
  setCamera(camera: MediaStreamTrack | null): Promise<void> {
    return this.#way.setCamera(camera);
  }

  close(): void {
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#way.close();
  }

  #sendWear(): void {
    this.#way.tell(JSON.stringify(this.#pendingWear));
  }

  #returnedBy(receiver: RTCRtpReceiver): void {
    if (this.#returned !== null) return;
    this.#returned = new ReturnedTrack(receiver);
    receiver.track.contentHint = "motion";
    this.#stopWatching = watchFrames(
      receiver.track,
      (at) => {
        this.#framesReceived += 1;
        this.#firstFrameAt ??= at;
        this.#lastFrameAt = at;
        this.#events.onFrame();
      },
      () => decodedFrames(receiver),
    );
  }

  #receive(data: unknown): void {
    const message = decodeLegMessage(data);
    if (message === null) return;
    switch (message.type) {
      case "wearing":
        this.#events.onWearing(message.identity, message.engine);
        break;
      case "refused":
        this.#events.onRefused(message.code);
        break;
      case "draining":
        if (this.#draining) break;
        this.#draining = true;
        this.#events.onDraining();
        break;
      case "report":
        this.#faceAt = message.state === "card" ? null : (this.#faceAt ?? performance.now());
        this.#events.onReport(message);
        void this.#measure(message).catch(() => undefined); // the connection closed meanwhile
        break;
    }
  }

  async #measure(report: LegReport): Promise<void> {
    const statistics = await this.connection.getStats();
    const figures = readFigures(statistics, this.#lastStatistics);
    this.#lastStatistics = statistics;
    this.#loopDelay = smoothed(this.#loopDelay, loopDelay(figures, report));
    this.#returning = smoothed(this.#returning, returning(figures));
    this.#line.measured(figures.roundTripTime);
  }
}

async function decodedFrames(receiver: RTCRtpReceiver): Promise<number> {
  let decoded = 0;
  for (const entry of (await receiver.getStats()).values()) {
    if (entry.type === "inbound-rtp") decoded = entry.framesDecoded ?? 0;
  }
  return decoded;
}
