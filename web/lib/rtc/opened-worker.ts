/** Server relay, the viewer's end: the connection to a face worker that another performer has opened to us. */

import { watchFrames } from "@/lib/media/frame-clock";
import type { IceCandidate, Peer, SessionDescription } from "@/lib/signalling/messages";
import { returning } from "./loop-delay";
import { PeerLink } from "./peer";
import { type LinkFigures, readFigures } from "./stats";
import { playAtOnce, preferVp8 } from "./video-sender";

export interface OpenedWorkerEvents {
  sendDescription(description: SessionDescription): void;
  sendCandidate(candidate: IceCandidate): void;
  onState(): void;
  /** The worker's video is there. */
  onMedia(): void;
  /** A frame arrived; performance.now(). */
  onFrame(at: number): void;
}

/** Takes video and sends none. */
export class OpenedWorker {
  readonly id: string;
  readonly performer: string;
  readonly video = new MediaStream();
  readonly link: PeerLink;
  #stopWatching: (() => void) | null = null;
  #lastReport: RTCStatsReport | null = null;
  #figures: LinkFigures | null = null;

  constructor(peer: Peer, performer: string, configuration: RTCConfiguration, events: OpenedWorkerEvents) {
    this.id = peer.id;
    this.performer = performer;
    this.link = new PeerLink(configuration, peer.polite, events);
    const { connection } = this.link;
    connection.ontrack = ({ track, receiver }) => {
      if (track.kind !== "video" || this.#stopWatching !== null) return;
      playAtOnce(receiver);
      this.#stopWatching = watchFrames(track, events.onFrame);
      this.video.addTrack(track);
      events.onMedia();
    };
    preferVp8(connection.addTransceiver("video", { direction: "recvonly" }));
  }

  /** Of the last `measure`. */
  get figures(): LinkFigures | null {
    return this.#figures;
  }

  /** From the worker's encoder to the decoded picture, seconds; null until measured. */
  get passage(): number | null {
    return this.#figures === null ? null : returning(this.#figures);
  }

  async measure(): Promise<void> {
    if (this.link.closed) return;
    const report = await this.link.connection.getStats();
    this.#figures = readFigures(report, this.#lastReport);
    this.#lastReport = report;
  }

  close(): void {
    this.#stopWatching?.();
    this.link.close();
  }
}
