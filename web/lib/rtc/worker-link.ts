/**
 * The way of a camera to one face worker, and to nobody else: one VP8 video and the data channel `talchum`.
 *
 * The performer offers, the worker answers. No audio takes this path.
 */

import type { IceCandidate, Peer, SessionDescription } from "@/lib/signalling/messages";
import { type LinkState, PeerLink } from "./peer";
import { limitSender, playAtOnce, preferVp8 } from "./video-sender";

export interface WorkerLinkEvents {
  sendDescription(description: SessionDescription): void;
  sendCandidate(candidate: IceCandidate): void;
  onState(state: LinkState): void;
  /** The channel can be written to. */
  onOpen(): void;
  /** Something came through the channel. */
  onData(data: unknown): void;
}

const LEG_BITRATE = 2_500_000;

export class WorkerLink {
  readonly worker: string;
  readonly link: PeerLink;
  readonly #channel: RTCDataChannel;
  readonly #transceiver: RTCRtpTransceiver;

  /** returned: called with the receiver of what comes back; null when nothing is to come back. */
  constructor(
    peer: Peer,
    camera: MediaStreamTrack | null,
    configuration: RTCConfiguration,
    events: WorkerLinkEvents,
    returned: ((receiver: RTCRtpReceiver) => void) | null,
  ) {
    this.worker = peer.id;
    this.link = new PeerLink(configuration, peer.polite, events);
    const { connection } = this.link;
    if (returned !== null) {
      connection.ontrack = ({ receiver, track }) => {
        if (track.kind === "video") returned(receiver);
      };
    }
    this.#channel = connection.createDataChannel("talchum");
    this.#channel.onopen = () => events.onOpen();
    this.#channel.onmessage = ({ data }) => events.onData(data);
    this.#transceiver = connection.addTransceiver(camera ?? "video", {
      direction: returned === null ? "sendonly" : "sendrecv",
      sendEncodings: [{ maxBitrate: LEG_BITRATE }],
    });
    preferVp8(this.#transceiver, true);
    if (returned !== null) playAtOnce(this.#transceiver.receiver);
    void limitSender(this.#transceiver.sender, LEG_BITRATE);
  }

  /** Send text, if the channel is open. */
  tell(text: string): void {
    if (this.#channel.readyState === "open") this.#channel.send(text);
  }

  /** Send another camera (front, back, none while it is off), without renegotiation. */
  async setCamera(camera: MediaStreamTrack | null): Promise<void> {
    if (!this.link.closed) await this.#transceiver.sender.replaceTrack(camera);
  }

  close(): void {
    this.#channel.onmessage = null;
    this.#channel.onopen = null;
    this.link.close();
  }
}
