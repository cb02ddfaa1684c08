/**
 * One face leg: the connection between this performer and one face worker.
 *
 * The performer offers (one sendrecv VP8 video, the data channel `talchum`), the worker answers. What comes back is
 * handed on as a ReturnedTrack once its first frame has been seen. No audio takes this path.
 */

import { watchFrames } from "@/lib/media/frame-clock";
import type { IceCandidate, Peer, SessionDescription } from "@/lib/signalling/messages";
import { decodeLegMessage, type LegReport, type Wear } from "./leg-messages";
import { loopDelay, smoothed } from "./loop-delay";
import { ReturnedTrack } from "./outgoing-video";
import { type LinkState, PeerLink } from "./peer";
import { readFigures } from "./stats";
import { limitSender, playAtOnce, preferVp8 } from "./video-sender";

export interface FaceLegEvents {
  sendDescription(description: SessionDescription): void;
  sendCandidate(candidate: IceCandidate): void;
  /** A returned frame has arrived; the first one means that the leg is live. */
  onFrame(): void;
  onWearing(identity: string, engine: string): void;
  onRefused(code: string): void;
  onReport(report: LegReport): void;
  onState(state: LinkState): void;
}

const LEG_BITRATE = 2_500_000;

export class FaceLeg {
  readonly request: string;
  readonly worker: string;
  readonly #events: FaceLegEvents;
  readonly #link: PeerLink;
  readonly #channel: RTCDataChannel;
  readonly #transceiver: RTCRtpTransceiver;
  #returned: ReturnedTrack | null = null;
  #stopWatching: (() => void) | null = null;
  #pendingWear: Wear;
  #framesReceived = 0;
  #lastFrameAt: number | null = null;
  #lastStatistics: RTCStatsReport | null = null;
  #loopDelay: number | null = null;

  constructor(
    peer: Peer,
    request: string,
    wear: Wear,
    camera: MediaStreamTrack | null,
    configuration: RTCConfiguration,
    events: FaceLegEvents,
  ) {
    this.request = request;
    this.worker = peer.id;
    this.#events = events;
    this.#pendingWear = wear;
    this.#link = new PeerLink(configuration, peer.polite, events);
    const { connection } = this.#link;
    connection.ontrack = ({ receiver, track }) => {
      if (track.kind === "video") this.#returnedBy(receiver);
    };
    this.#channel = connection.createDataChannel("talchum");
    this.#channel.onopen = () => this.#sendWear();
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    this.#transceiver = connection.addTransceiver(camera ?? "video", {
      direction: "sendrecv",
      sendEncodings: [{ maxBitrate: LEG_BITRATE }],
    });
    preferVp8(this.#transceiver, true);
    playAtOnce(this.#transceiver.receiver);
    void limitSender(this.#transceiver.sender, LEG_BITRATE);
  }

  /** What the worker sends back, once at least one frame of it has arrived. */
  get returned(): ReturnedTrack | null {
    return this.#framesReceived > 0 ? this.#returned : null;
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

  get connection(): RTCPeerConnection {
    return this.#link.connection;
  }

  get link(): PeerLink {
    return this.#link;
  }

  handleDescription(description: SessionDescription): Promise<void> {
    return this.#link.handleDescription(description);
  }

  handleCandidate(candidate: IceCandidate): Promise<void> {
    return this.#link.handleCandidate(candidate);
  }

  /** Put on another face, without renegotiation. */
  wear(wear: Wear): void {
    this.#pendingWear = wear;
    if (this.#channel.readyState === "open") this.#sendWear();
  }

  /** Send another camera (front, back, none while it is off) to the worker, without renegotiation. */
  async setCamera(camera: MediaStreamTrack | null): Promise<void> {
    if (!this.#link.closed) await this.#transceiver.sender.replaceTrack(camera);
  }

  close(): void {
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#channel.onmessage = null;
    this.#channel.onopen = null;
    this.#link.close();
  }

  #sendWear(): void {
    this.#channel.send(JSON.stringify(this.#pendingWear));
  }

  #returnedBy(receiver: RTCRtpReceiver): void {
    if (this.#returned !== null) return;
    this.#returned = new ReturnedTrack(receiver);
    receiver.track.contentHint = "motion";
    this.#stopWatching = watchFrames(
      receiver.track,
      (at) => {
        this.#framesReceived += 1;
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
      case "report":
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
  }
}

async function decodedFrames(receiver: RTCRtpReceiver): Promise<number> {
  let decoded = 0;
  for (const entry of (await receiver.getStats()).values()) {
    if (entry.type === "inbound-rtp") decoded = entry.framesDecoded ?? 0;
  }
  return decoded;
}
