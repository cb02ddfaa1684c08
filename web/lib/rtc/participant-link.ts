/**
 * The connection to one other participant: their picture and voice in, ours out.
 *
 * The impolite side offers first and the polite side answers, so that glare is the exception; a polite side that has
 * waited in vain offers itself. Tracks carry no stream on purpose: libwebrtc delays video until the audio of the same stream
 * is due, while here the voice is delayed to the picture, once, by the performer.
 */

import type { CallRoute, IceCandidate, Peer, SessionDescription } from "@/lib/signalling/messages";
import { DELAY_CHANNEL, type DelayMessage, decodeDelayMessage } from "./delay";
import type { OutgoingVideo } from "./outgoing-video";
import { type LinkState, PeerLink } from "./peer";
import { LineLength } from "./relay-choice";
import { type LinkFigures, readFigures } from "./stats";
import { limitSender, playAtOnce, preferVp8 } from "./video-sender";

export interface ParticipantEvents {
  sendDescription(description: SessionDescription): void;
  sendCandidate(candidate: IceCandidate): void;
  onState(state: LinkState): void;
  onMedia(): void;
  onDelayMessage(message: DelayMessage): void;
  /** The other is reached by this route from now on. */
  onRoute(route: CallRoute): void;
}

const VIDEO_BITRATE = 2_500_000;
const OFFER_ANYWAY_AFTER_MS = 1_500;

export class ParticipantLink {
  readonly peer: string;
  readonly video = new MediaStream();
  readonly voice = new MediaStream();
  readonly #outgoing: OutgoingVideo;
  readonly #events: ParticipantEvents;
  readonly #link: PeerLink;
  readonly #channel: RTCDataChannel;
  #microphone: MediaStreamTrack | null;
  #videoSender: RTCRtpSender | null = null;
  #voiceSender: RTCRtpSender | null = null;
  #offerTimer: ReturnType<typeof setTimeout> | undefined;
  #lastReport: RTCStatsReport | null = null;
  #figures: LinkFigures | null = null;
  readonly #line = new LineLength();
  #told: CallRoute | null = null;

  constructor(
    peer: Peer,
    configuration: RTCConfiguration,
    outgoing: OutgoingVideo,
    microphone: MediaStreamTrack | null,
    events: ParticipantEvents,
  ) {
    this.peer = peer.id;
    this.#outgoing = outgoing;
    this.#microphone = microphone;
    this.#events = events;
    this.#link = new PeerLink(configuration, peer.polite, {
      ...events,
      onState: (state) => {
        if (state === "connected" && this.#videoSender !== null)
          void limitSender(this.#videoSender, VIDEO_BITRATE);
        events.onState(state);
      },
    });
    const { connection } = this.#link;
    connection.ontrack = ({ track, receiver }) => this.#received(track, receiver);
    this.#channel = connection.createDataChannel(DELAY_CHANNEL.label, {
      negotiated: true,
      id: DELAY_CHANNEL.id,
      ordered: false,
      maxRetransmits: 0,
    });
    this.#channel.onmessage = ({ data }) => {
      const message = decodeDelayMessage(data);
      if (message !== null) events.onDelayMessage(message);
    };
    // Creating the channel asks for negotiation; the polite side lets the other go first.
    if (peer.polite) {
      this.#link.hold();
      this.#offerTimer = setTimeout(() => this.#begin(), OFFER_ANYWAY_AFTER_MS);
    } else {
      this.#begin();
    }
  }

  get link(): PeerLink {
    return this.#link;
  }

  get figures(): LinkFigures | null {
    return this.#figures;
  }

  /** The shortest round trip to them, seconds; null until known. */
  get line(): number | null {
    return this.#line.seconds;
  }

  handleDescription(description: SessionDescription): Promise<void> {
    clearTimeout(this.#offerTimer);
    return this.#link.handleDescription(description, () => this.#adopt());
  }

  handleCandidate(candidate: IceCandidate): Promise<void> {
    return this.#link.handleCandidate(candidate);
  }

  /** Send this sound from now on, without renegotiation where a sender exists already. */
  async setMicrophone(microphone: MediaStreamTrack | null): Promise<void> {
    this.#microphone = microphone;
    if (this.#voiceSender !== null) await this.#voiceSender.replaceTrack(microphone);
  }

  tell(message: DelayMessage): void {
    if (this.#channel.readyState === "open") this.#channel.send(JSON.stringify(message));
  }

  /** Read the statistics anew. */
  async measure(): Promise<LinkFigures | null> {
    if (this.#link.closed) return null;
    const report = await this.#link.connection.getStats();
    this.#figures = readFigures(report, this.#lastReport);
    this.#lastReport = report;
    this.#line.measured(this.#figures.roundTripTime);
    const { path } = this.#figures;
    if (path !== null && path !== this.#told) {
      this.#told = path;
      this.#events.onRoute(path);
    }
    return this.#figures;
  }

  close(): void {
    clearTimeout(this.#offerTimer);
    if (this.#videoSender !== null) this.#outgoing.release(this.#videoSender);
    this.#channel.onmessage = null;
    this.#link.close();
  }

  /** Offer: one video, one voice. */
  #begin(): void {
    const { connection } = this.#link;
    this.#videoSender = this.#outgoing.addTo(connection);
    if (this.#microphone !== null) this.#voiceSender = connection.addTrack(this.#microphone);
    else this.#voiceSender = connection.addTransceiver("audio", { direction: "sendrecv" }).sender;
    for (const transceiver of connection.getTransceivers()) this.#tune(transceiver);
    this.#link.release();
  }

  /** An offer of the other side was applied: send over the transceivers it brought. */
  async #adopt(): Promise<void> {
    const { connection } = this.#link;
    for (const transceiver of connection.getTransceivers()) {
      if (transceiver.mid === null || transceiver.currentDirection === "stopped") continue;
      const kind = transceiver.receiver.track.kind;
      const { sender } = transceiver;
      if (kind === "video" && (this.#videoSender === null || this.#videoSender === sender)) {
        this.#videoSender = sender;
        transceiver.direction = "sendrecv";
        await this.#outgoing.adopt(sender);
      } else if (kind === "audio" && (this.#voiceSender === null || this.#voiceSender === sender)) {
        this.#voiceSender = sender;
        transceiver.direction = "sendrecv";
        await sender.replaceTrack(this.#microphone);
      }
      this.#tune(transceiver);
    }
    // An offer without a voice or picture: ours follow in a negotiation of our own.
    if (this.#videoSender === null) this.#videoSender = this.#outgoing.addTo(connection);
    if (this.#voiceSender === null && this.#microphone !== null) {
      this.#voiceSender = connection.addTrack(this.#microphone);
    }
    this.#link.release();
  }

  #tune(transceiver: RTCRtpTransceiver): void {
    if (transceiver.receiver.track.kind !== "video") return;
    preferVp8(transceiver);
    playAtOnce(transceiver.receiver);
  }

  #received(track: MediaStreamTrack, receiver: RTCRtpReceiver): void {
    const stream = track.kind === "video" ? this.video : this.voice;
    for (const old of stream.getTracks()) stream.removeTrack(old);
    stream.addTrack(track);
    if (track.kind === "video") playAtOnce(receiver);
    this.#events.onMedia();
  }
}
