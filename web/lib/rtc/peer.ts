/**
 * One RTCPeerConnection kept alive: perfect negotiation, trickle ICE and ICE restart.
 *
 * Perfect negotiation as in W3C WebRTC 1.0, section 10.7 (example 18). Incoming descriptions and candidates are
 * handled one after another, in the order in which the signalling delivers them.
 */

import type { IceCandidate, IceServer, SessionDescription } from "@/lib/signalling/messages";
import { readFigures } from "./stats";

export type LinkState = "connecting" | "connected" | "reconnecting" | "closed";

export interface PeerLinkEvents {
  sendDescription(description: SessionDescription): void;
  sendCandidate(candidate: IceCandidate): void;
  onState(state: LinkState): void;
}

/** After this long in `disconnected` ICE is restarted; `failed` would take libwebrtc another 10 s (measured). */
const RESTART_AFTER_DISCONNECTED_MS = 1_500;
/** The polite side waits a little longer, so that as a rule only one side restarts. */
const POLITE_EXTRA_MS = 1_000;
const LONGEST_RESTART_GAP_MS = 15_000;

export function rtcConfiguration(iceServers: readonly IceServer[], relayOnly = false): RTCConfiguration {
  return {
    iceServers: iceServers.map(({ urls, username, credential }) =>
      username === "" ? { urls } : { urls, username, credential },
    ),
    bundlePolicy: "max-bundle",
    iceTransportPolicy: relayOnly ? "relay" : "all",
  };
}

export class PeerLink {
  readonly connection: RTCPeerConnection;
  readonly #polite: boolean;
  readonly #events: PeerLinkEvents;
  #makingOffer = false;
  #ignoreOffer = false;
  #settingRemoteAnswer = false;
  #work: Promise<void> = Promise.resolve();
  #wasConnected = false;
  #restarts = 0;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #held = false;
  #closed = false;
  #state: LinkState = "connecting";

  constructor(configuration: RTCConfiguration, polite: boolean, events: PeerLinkEvents) {
    this.#polite = polite;
    this.#events = events;
    this.connection = new RTCPeerConnection(configuration);
    this.connection.onnegotiationneeded = () => void this.#offer();
    this.connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) return;
      const { candidate: line, sdpMid, sdpMLineIndex, usernameFragment } = candidate;
      events.sendCandidate({ candidate: line, sdpMid, sdpMLineIndex, usernameFragment });
    };
    this.connection.onconnectionstatechange = () => this.#connectionChanged();
    this.connection.oniceconnectionstatechange = () => this.#connectionChanged();
  }

  get state(): LinkState {
    return this.#state;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Apply an offer, answer or rollback of the other side.
   *
   * beforeAnswer: runs when an offer has been applied, so that tracks can be placed on its transceivers.
   */
  handleDescription(description: SessionDescription, beforeAnswer?: () => Promise<void>): Promise<void> {
    return this.#inOrder(() => this.#apply(description, beforeAnswer));
  }

  handleCandidate(candidate: IceCandidate): Promise<void> {
    return this.#inOrder(async () => {
      try {
        await this.connection.addIceCandidate(candidate);
      } catch (error) {
        // Candidates of an ignored offer, or of a generation that a restart has replaced, have nowhere to go.
        if (!this.#ignoreOffer && !(error instanceof DOMException)) throw error;
      }
    });
  }

  /** New candidates and credentials, while media goes on over the old path until the new one works. */
  restartIce(): void {
    if (!this.#closed && this.connection.remoteDescription !== null) this.connection.restartIce();
  }

  /** Make no offer until released: the other side is to go first. */
  hold(): void {
    this.#held = true;
  }

  /** Offers may be made again; one that was needed meanwhile is. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    // While an answer is being made the browser asks for negotiation itself if anything is left over.
    if (this.connection.signalingState === "stable") void this.#offer();
  }

  /** Take fresh credentials, and use them where the media goes over a relay that would end with the old ones. */
  async renew(configuration: RTCConfiguration): Promise<void> {
    if (this.#closed) return;
    this.connection.setConfiguration(configuration);
    const { route } = readFigures(await this.connection.getStats(), null);
    if (route === "relay") this.restartIce();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    this.connection.onnegotiationneeded = null;
    this.connection.onicecandidate = null;
    this.connection.onconnectionstatechange = null;
    this.connection.oniceconnectionstatechange = null;
    this.connection.ontrack = null;
    this.connection.close();
    this.#enter("closed");
  }

  #inOrder(step: () => Promise<void>): Promise<void> {
    const run = this.#work.then(() => (this.#closed ? undefined : step()));
    // The chain goes on after a step that failed; the caller gets the failure.
    this.#work = run.catch(() => undefined);
    return run;
  }

  async #offer(): Promise<void> {
    if (this.#held || this.#closed) return;
    try {
      this.#makingOffer = true;
      await this.connection.setLocalDescription();
      this.#sendLocalDescription();
    } catch (error) {
      // The connection was closed, or an offer of the other side came first and needs an answer instead.
      if (!this.#closed && this.connection.signalingState === "stable") throw error;
    } finally {
      this.#makingOffer = false;
    }
  }

  async #apply(description: SessionDescription, beforeAnswer?: () => Promise<void>): Promise<void> {
    const { connection } = this;
    const readyForOffer =
      !this.#makingOffer && (connection.signalingState === "stable" || this.#settingRemoteAnswer);
    const collision = description.type === "offer" && !readyForOffer;
    this.#ignoreOffer = !this.#polite && collision;
    if (this.#ignoreOffer) return;
    this.#settingRemoteAnswer = description.type === "answer";
    try {
      await connection.setRemoteDescription(description);
    } finally {
      this.#settingRemoteAnswer = false;
    }
    if (description.type !== "offer") return;
    await beforeAnswer?.();
    await connection.setLocalDescription();
    this.#sendLocalDescription();
  }

  #sendLocalDescription(): void {
    const local = this.connection.localDescription;
    if (this.#closed || local === null || local.type === "pranswer") return;
    this.#events.sendDescription({ type: local.type, sdp: local.sdp });
  }

  #connectionChanged(): void {
    const { connectionState, iceConnectionState } = this.connection;
    if (connectionState === "connected") {
      this.#wasConnected = true;
      this.#restarts = 0;
      clearTimeout(this.#restartTimer);
      this.#restartTimer = undefined;
      this.#enter("connected");
      return;
    }
    this.#enter(this.#wasConnected ? "reconnecting" : "connecting");
    // iOS reports `failed` without `disconnected`; either may come first.
    if (connectionState === "failed" || iceConnectionState === "failed") this.#restartAfter(0);
    else if (iceConnectionState === "disconnected") this.#restartAfter(RESTART_AFTER_DISCONNECTED_MS);
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#events.onState(state);
  }

  #restartAfter(delay: number): void {
    if (this.#restartTimer !== undefined) return;
    const patience = this.#polite ? POLITE_EXTRA_MS : 0;
    const backOff = this.#restarts === 0 ? 0 : Math.min(LONGEST_RESTART_GAP_MS, 1_000 * 2 ** this.#restarts);
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined;
      if (this.connection.connectionState === "connected") return;
      this.#restarts += 1;
      this.restartIce();
      this.#restartAfter(LONGEST_RESTART_GAP_MS / 3);
    }, Math.max(delay, backOff) + patience);
  }
}
