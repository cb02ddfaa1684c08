/**
 * One visit to a room, from the lobby to leaving: signalling, own devices, face, and the other participants.
 *
 * No React in here: pages read `snapshot` and subscribe. In the lobby the room is joined already (a face worker can only
 * be asked for from inside), but nothing is sent to other participants; what they send waits until `enter`.
 */

import { CardPainter } from "@/lib/media/card-track";
import {
  type CameraChoice,
  type FacingMode,
  MediaError,
  type MediaFailure,
  missingSupport,
  openCamera,
  openMicrophone,
} from "@/lib/media/devices";
import { LONGEST_DELAY_S, VOICE_FIXED_S, VoiceDelay } from "@/lib/media/voice-delay";
import type {
  IceServer,
  IdentityKind,
  LeaveReason,
  ParticipantState,
  Peer,
  ServerMessage,
} from "@/lib/signalling/messages";
import type { ApiError, Identity } from "@/lib/signalling/room-api";
import { RoomClient, type SignallingState, type Welcome } from "@/lib/signalling/room-client";
import { type DelayMessage, meterDisplayed, PassageMeter } from "./delay";
import { FaceLegKeeper, type LegStatus } from "./face-leg-keeper";
import { OutgoingVideo, type OwnFaceConfirmation, OwnFaceTrack } from "./outgoing-video";
import { ParticipantLink } from "./participant-link";
import { type LinkState, rtcConfiguration } from "./peer";
import type { LinkFigures } from "./stats";

export type Choice = { kind: "face"; identity: string; faceKind: IdentityKind } | { kind: "own-face" } | null;

export interface RemoteSnapshot {
  peer: string;
  state: ParticipantState;
  present: boolean;
  link: LinkState;
  figures: LinkFigures | null;
  /** null before there is a connection. */
  video: MediaStream | null;
  voice: MediaStream | null;
  hasVideo: boolean;
}

export interface CallSnapshot {
  phase: "lobby" | "call" | "left";
  signalling: SignallingState;
  /** The room cannot be entered or the session ended: a code of the call server. */
  refused: string | null;
  /** `on` is what is wanted: while the device opens there is no track yet, and when it cannot there is a failure. */
  camera: {
    on: boolean;
    track: MediaStreamTrack | null;
    failure: MediaFailure | null;
    facingMode: FacingMode;
  };
  microphone: { on: boolean; track: MediaStreamTrack | null; failure: MediaFailure | null };
  choice: Choice;
  leg: LegStatus;
  /** What goes out to others, for the self-view. */
  outgoing: { kind: "returned" | "card" | "own-face"; track: MediaStreamTrack };
  remote: RemoteSnapshot | null;
  /** The last participant who went, while nobody else is there. */
  departed: LeaveReason | null;
  /** Capture to display of the other's picture, ms; null until known. */
  delayMs: number | null;
  voiceDelayMs: number;
}

/** What the card says, each in all languages of the project: nobody knows which one the other person reads. */
export interface CardTexts {
  preparing: readonly string[];
  cameraOff: readonly string[];
}

export interface SessionOptions {
  room: string;
  origin: string;
  storage: Storage;
  cardTexts: CardTexts;
  /** Reach other participants through the relay only, so that they do not see this address. */
  relayOnly: boolean;
}

const MEASURE_EVERY_MS = 1_000;
/** TURN credentials are renewed this long before they end. */
const RENEW_BEFORE_S = 60;

type Waiting = Extract<ServerMessage, { type: "description" | "candidate" }>;

export class CallSession {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  readonly #client: RoomClient;
  readonly #painter: CardPainter;
  readonly #outgoing: OutgoingVideo;
  readonly #keeper: FaceLegKeeper;
  readonly #passage = new PassageMeter();
  readonly #cleanUp: (() => void)[] = [];
  #snapshot: CallSnapshot;
  #iceServers: readonly IceServer[] = [];
  #renewTimer: ReturnType<typeof setTimeout> | undefined;
  #peers = new Map<string, Peer>();
  #links = new Map<string, ParticipantLink>();
  #waiting: Waiting[] = [];
  #confirmation: OwnFaceConfirmation | null = null;
  #cameraChoice: CameraChoice = { deviceId: null, facingMode: "user" };
  #cameraWork: Promise<void> = Promise.resolve();
  #audio: AudioContext | null = null;
  #voiceDelay: VoiceDelay | null = null;
  #remoteLoop: number | null = null;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#painter = new CardPainter(options.cardTexts.preparing);
    this.#outgoing = new OutgoingVideo(this.#painter.card);
    this.#client = new RoomClient({
      room: options.room,
      socketUrl: `${options.origin.replace(/^http/, "ws")}/ws`,
      storage: options.storage,
      events: {
        onWelcome: (welcome) => this.#welcomed(welcome),
        onMessage: (message) => this.#receive(message),
        onState: (signalling) => this.#change({ signalling }),
        onRefused: (error: ApiError) => this.#change({ refused: error.code }),
      },
    });
    this.#keeper = new FaceLegKeeper({
      send: (message) => this.#client.send(message),
      outgoing: this.#outgoing,
      configuration: () => rtcConfiguration(this.#iceServers),
      onChange: (leg) => this.#change({ leg }),
    });
    this.#snapshot = {
      phase: "lobby",
      signalling: "connecting",
      refused: null,
      camera: { on: true, track: null, failure: null, facingMode: "user" },
      microphone: { on: true, track: null, failure: null },
      choice: null,
      leg: this.#keeper.status,
      outgoing: { kind: "card", track: this.#painter.card.track },
      remote: null,
      departed: null,
      delayMs: null,
      voiceDelayMs: 0,
    };
    this.#outgoing.subscribe(({ kind, track }) => {
      this.#painter.setShown(kind === "card");
      this.#change({ outgoing: { kind, track } });
    });
  }

  get snapshot(): CallSnapshot {
    return this.#snapshot;
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Join the room's lobby and ask for camera and microphone. */
  start(): void {
    this.#client.connect();
    this.#followNetwork();
    const measuring = setInterval(() => void this.#measure(), MEASURE_EVERY_MS);
    this.#cleanUp.push(() => clearInterval(measuring));
    const missing = missingSupport();
    if (missing !== null) {
      this.#change({
        camera: { ...this.#snapshot.camera, on: false, failure: missing },
        microphone: { ...this.#snapshot.microphone, on: false },
      });
      return;
    }
    void this.turnCamera(true).then(() => this.#openMicrophone(null));
  }

  // -- own devices ------------------------------------------------------------------------------

  /** Camera on or off; off stops the device, so that its light goes out. */
  turnCamera(on: boolean): Promise<void> {
    this.#change({ camera: { ...this.#snapshot.camera, on, failure: null } });
    return this.#inCameraOrder(() => (on ? this.#openCamera() : this.#closeCamera()));
  }

  chooseCamera(deviceId: string): Promise<void> {
    this.#cameraChoice = { ...this.#cameraChoice, deviceId };
    return this.turnCamera(true);
  }

  /** Front to back camera and back. */
  flipCamera(): Promise<void> {
    const facingMode = this.#cameraChoice.facingMode === "user" ? "environment" : "user";
    this.#cameraChoice = { deviceId: null, facingMode };
    return this.turnCamera(true);
  }

  async chooseMicrophone(deviceId: string): Promise<void> {
    await this.#openMicrophone(deviceId);
  }

  turnMicrophone(on: boolean): void {
    const { microphone } = this.#snapshot;
    if (microphone.track !== null) microphone.track.enabled = on;
    this.#change({ microphone: { ...microphone, on } });
    if (on && microphone.failure !== null) void this.#openMicrophone(null);
    this.#announce();
  }

  /** The one audio context of this visit; it runs from the first click on. */
  audioContext(): AudioContext {
    this.#audio ??= new AudioContext({ latencyHint: "interactive" });
    if (this.#audio.state === "suspended") void this.#audio.resume().catch(() => undefined);
    return this.#audio;
  }

  // -- the face ---------------------------------------------------------------------------------

  /** Wear a face. An own face that was shown is off the air before anything else happens. */
  wearFace(identity: Identity): void {
    this.#confirmation?.revoke();
    this.#confirmation = null;
    this.#outgoing.requireFace();
    this.#change({ choice: { kind: "face", identity: identity.name, faceKind: identity.kind } });
    this.#announce();
    this.#keeper.wear({ identity: identity.name, engine: identity.engines[0] ?? null });
  }

  /** Show the own face; called from the confirmation dialog and from nowhere else. */
  showOwnFace(confirmation: OwnFaceConfirmation): void {
    this.#confirmation = confirmation;
    this.#keeper.takeOff();
    this.#outgoing.permitOwnFace(confirmation);
    this.#change({ choice: { kind: "own-face" } });
    this.#announce();
    this.#showOwnFace();
    this.#voiceDelay?.release();
  }

  // -- the call ---------------------------------------------------------------------------------

  /** Leave the lobby: what this participant shows is said first, then connections are made. */
  enter(): void {
    if (this.#snapshot.phase !== "lobby") return;
    this.#change({ phase: "call" });
    this.#announce();
    void this.#prepareVoice();
    for (const peer of this.#peers.values()) this.#connect(peer);
    for (const message of this.#waiting.splice(0)) this.#toParticipant(message);
  }

  leave(): void {
    this.#client.leave();
    this.#end();
    this.#change({ phase: "left" });
  }

  /** The page goes away (reload, closed tab): the place is kept for a while. */
  suspend(): void {
    this.#client.close();
    this.#end();
  }

  /** Time the frames of the other's picture as this element displays them. Returns how to stop. */
  meter(video: HTMLVideoElement): () => void {
    return meterDisplayed(video, this.#passage);
  }

  // -- signalling -------------------------------------------------------------------------------

  #welcomed(welcome: Welcome): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.#waiting = [];
    this.#setIceServers(welcome.iceServers, welcome.iceServersExpireIn);
    const participants = welcome.peers.filter((peer) => peer.role === "participant");
    this.#peers = new Map(participants.map((peer) => [peer.id, peer]));
    this.#announce();
    this.#keeper.sessionRenewed();
    if (this.#snapshot.phase === "call") for (const peer of participants) this.#connect(peer);
    this.#changeRemote();
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "peer-joined":
        this.#joined(message.peer);
        break;
      case "peer-left":
        this.#left(message.peer, message.reason);
        break;
      case "peer-presence":
        this.#keeper.workerPresence(message.peer, message.present);
        this.#updatePeer(message.peer, { present: message.present });
        break;
      case "state":
        this.#updatePeer(message.from, { state: message.state });
        break;
      case "description":
      case "candidate":
        this.#signal(message);
        break;
      case "face-leg-queued":
        this.#keeper.queued(message.request);
        break;
      case "face-leg-unavailable":
        this.#keeper.unavailable(message.request, message.code, message.retryable);
        break;
      case "ice-servers":
        this.#setIceServers(message.iceServers, message.expireIn);
        this.#renewCredentials();
        break;
      default:
        break; // a refused message (`error`, not fatal) changes nothing here
    }
  }

  #joined(peer: Peer): void {
    if (peer.role === "face-worker") {
      this.#keeper.workerJoined(peer);
      return;
    }
    this.#disconnect(peer.id);
    this.#peers.set(peer.id, peer);
    if (this.#snapshot.phase === "call") this.#connect(peer);
    this.#change({ departed: null });
    this.#changeRemote();
  }

  #left(peer: string, reason: LeaveReason): void {
    this.#keeper.workerLost(peer);
    if (!this.#peers.delete(peer)) return;
    this.#disconnect(peer);
    this.#waiting = this.#waiting.filter((message) => message.from !== peer);
    if (reason !== "replaced") this.#change({ departed: reason });
    this.#changeRemote();
  }

  #updatePeer(id: string, change: Partial<Pick<Peer, "state" | "present">>): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.set(id, { ...peer, ...change });
    this.#changeRemote();
  }

  #signal(message: Waiting): void {
    const handled =
      message.type === "description"
        ? this.#keeper.description(message.from, message.description)
        : this.#keeper.candidate(message.from, message.candidate);
    if (handled !== null) this.#settle(handled);
    else if (this.#snapshot.phase === "lobby") this.#waiting.push(message);
    else this.#toParticipant(message);
  }

  #toParticipant(message: Waiting): void {
    const link = this.#links.get(message.from);
    if (link === undefined) return;
    this.#settle(
      message.type === "description"
        ? link.handleDescription(message.description)
        : link.handleCandidate(message.candidate),
    );
  }

  /** A description the browser refuses must not end the call: ICE restart or the other side try again. */
  #settle(work: Promise<void>): void {
    work.catch(() => undefined);
  }

  #announce(): void {
    const { phase, choice, camera, microphone } = this.#snapshot;
    const shown = phase === "call" ? choice : null;
    this.#client.send({
      type: "state",
      state: {
        face: shown?.kind === "face" ? { kind: shown.faceKind } : null,
        ownFace: shown?.kind === "own-face",
        camera: phase === "call" && camera.on,
        microphone: phase === "call" && microphone.on && microphone.track !== null,
      },
    });
  }

  // -- connections ------------------------------------------------------------------------------

  #configuration(): RTCConfiguration {
    return rtcConfiguration(this.#iceServers, this.#options.relayOnly);
  }

  #connect(peer: Peer): void {
    if (this.#links.has(peer.id) || this.#closed) return;
    const link = new ParticipantLink(peer, this.#configuration(), this.#outgoing, this.#voiceTrack(), {
      sendDescription: (description) => this.#client.send({ type: "description", to: peer.id, description }),
      sendCandidate: (candidate) => this.#client.send({ type: "candidate", to: peer.id, candidate }),
      onState: () => this.#changeRemote(),
      onMedia: () => this.#changeRemote(),
      onDelayMessage: (message) => this.#delayMessage(message),
    });
    this.#links.set(peer.id, link);
  }

  #disconnect(peer: string): void {
    this.#links.get(peer)?.close();
    this.#links.delete(peer);
    this.#remoteLoop = null;
    this.#passage.reset();
  }

  #setIceServers(servers: readonly IceServer[], expireIn: number): void {
    this.#iceServers = servers;
    clearTimeout(this.#renewTimer);
    if (!servers.some((server) => server.credential !== "")) return;
    const wait = Math.max(expireIn / 2, expireIn - RENEW_BEFORE_S);
    this.#renewTimer = setTimeout(() => this.#client.send({ type: "ice-servers-request" }), wait * 1000);
  }

  #renewCredentials(): void {
    for (const link of this.#links.values()) this.#settle(link.link.renew(this.#configuration()));
    const toWorkers = rtcConfiguration(this.#iceServers);
    for (const leg of this.#keeper.connections) this.#settle(leg.link.renew(toWorkers));
  }

  /** Wi-Fi to mobile and back, sleep and wake: look at once instead of waiting for timers. */
  #followNetwork(): void {
    const changed = (): void => {
      this.#client.probe();
      for (const link of this.#links.values()) link.link.restartIce();
      for (const leg of this.#keeper.connections) leg.link.restartIce();
    };
    const visible = (): void => {
      if (document.visibilityState === "visible") this.#client.probe();
    };
    const connection = (navigator as { connection?: EventTarget }).connection;
    window.addEventListener("online", changed);
    document.addEventListener("visibilitychange", visible);
    this.#cleanUp.push(() => {
      window.removeEventListener("online", changed);
      document.removeEventListener("visibilitychange", visible);
    });
    // `change` also fires when only an estimate changes; a new kind of network is what matters.
    let kind = (connection as { type?: string } | undefined)?.type;
    const kindChanged = (): void => {
      const now = (connection as { type?: string } | undefined)?.type;
      if (now !== kind) changed();
      kind = now;
    };
    connection?.addEventListener("change", kindChanged);
    this.#cleanUp.push(() => connection?.removeEventListener("change", kindChanged));
  }

  // -- media ------------------------------------------------------------------------------------

  #inCameraOrder(step: () => Promise<void>): Promise<void> {
    this.#cameraWork = this.#cameraWork.then(step, step);
    return this.#cameraWork;
  }

  async #openCamera(): Promise<void> {
    if (!this.#snapshot.camera.on) return; // turned off again before its turn came
    const { facingMode } = this.#cameraChoice;
    const previous = this.#snapshot.camera.track;
    // Phones open one camera at a time.
    previous?.stop();
    try {
      const track = await openCamera(this.#cameraChoice);
      if (this.#closed) {
        track.stop();
        return;
      }
      track.onended = () => void this.turnCamera(false);
      this.#change({ camera: { ...this.#snapshot.camera, track, failure: null, facingMode } });
      this.#painter.setText(this.#options.cardTexts.preparing);
      this.#keeper.setCamera(track);
      this.#showOwnFace();
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#cameraGone();
      this.#change({ camera: { on: false, track: null, failure: error.code, facingMode } });
    }
    this.#announce();
  }

  async #closeCamera(): Promise<void> {
    const { camera } = this.#snapshot;
    this.#cameraGone();
    if (camera.track !== null) {
      camera.track.onended = null;
      camera.track.stop();
    }
    this.#change({ camera: { ...this.#snapshot.camera, track: null } });
    this.#announce();
  }

  #cameraGone(): void {
    this.#painter.setText(this.#options.cardTexts.cameraOff);
    this.#outgoing.showCard();
    this.#keeper.setCamera(null);
  }

  #showOwnFace(): void {
    const { track } = this.#snapshot.camera;
    if (track === null || this.#confirmation === null || !this.#confirmation.valid) return;
    this.#outgoing.show(new OwnFaceTrack(track, this.#confirmation));
  }

  async #openMicrophone(deviceId: string | null): Promise<void> {
    try {
      const track = await openMicrophone(deviceId);
      if (this.#closed) {
        track.stop();
        return;
      }
      const { microphone } = this.#snapshot;
      microphone.track?.stop();
      track.enabled = microphone.on; // it may have been muted while the browser asked
      this.#change({ microphone: { ...microphone, track, failure: null } });
      this.#voiceDelay?.setMicrophone(track);
      this.#sendVoice();
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      const { microphone } = this.#snapshot;
      this.#change({
        microphone: { ...microphone, on: microphone.track !== null && microphone.on, failure: error.code },
      });
    }
    this.#announce();
  }

  /** Through the delay line if its context runs; an audio context that was not let start must not mute anybody. */
  async #prepareVoice(): Promise<void> {
    const context = this.audioContext();
    context.onstatechange = () => this.#sendVoice();
    await context.resume().catch(() => undefined);
    if (this.#closed) return;
    this.#voiceDelay = new VoiceDelay(context);
    this.#voiceDelay.setMicrophone(this.#snapshot.microphone.track);
    this.#sendVoice();
  }

  #voiceTrack(): MediaStreamTrack | null {
    const { track } = this.#snapshot.microphone;
    if (track === null) return null;
    return this.#voiceDelay !== null && this.#audio?.state === "running" ? this.#voiceDelay.track : track;
  }

  #sendVoice(): void {
    const track = this.#voiceTrack();
    for (const link of this.#links.values()) void link.setMicrophone(track).catch(() => undefined);
  }

  // -- figures ----------------------------------------------------------------------------------

  async #measure(): Promise<void> {
    const [link] = this.#links.values();
    if (link === undefined) return;
    const figures = await link.measure().catch(() => null);
    if (figures === null || this.#closed) return;
    if (figures.roundTripTime !== null) this.#passage.setRoundTripTime(figures.roundTripTime);
    link.tell({ type: "loop", seconds: this.#ownLoop(), sending: figures.sending });
    const passage = this.#passage.seconds;
    if (passage !== null) {
      const voice = (figures.roundTripTime ?? 0) / 2 + (figures.voiceBuffer ?? 0) + VOICE_FIXED_S;
      link.tell({ type: "passage", video: passage, voice });
    }
    this.#change({ delayMs: this.#delayMs(link) });
    this.#changeRemote();
  }

  /** What this side's face costs: zero for the own face, null while nobody knows. */
  #ownLoop(): number | null {
    const { choice, leg } = this.#snapshot;
    return choice?.kind === "face" ? leg.loopDelay : 0;
  }

  #delayMs(link: ParticipantLink): number | null {
    const state = this.#peers.get(link.peer)?.state;
    const loop = state?.face == null ? 0 : this.#remoteLoop;
    const passage = this.#passage.seconds;
    return loop === null || passage === null ? null : Math.round((loop + passage) * 1000);
  }

  #delayMessage(message: DelayMessage): void {
    if (message.type === "loop") {
      this.#remoteLoop = message.seconds;
      const [link] = this.#links.values();
      const relayed = link !== undefined && this.#peers.get(link.peer)?.state.face != null;
      this.#passage.setSender(relayed, message.sending);
      return;
    }
    const loop = this.#ownLoop();
    if (this.#voiceDelay === null || loop === null) return;
    if (this.#snapshot.choice?.kind === "face") this.#voiceDelay.follow({ loop, ...message });
    else this.#voiceDelay.release();
    this.#change({ voiceDelayMs: Math.round(Math.min(LONGEST_DELAY_S, this.#voiceDelay.seconds) * 1000) });
  }

  // -- the snapshot -----------------------------------------------------------------------------

  #changeRemote(): void {
    const [peer] = this.#peers.values();
    if (peer === undefined) {
      this.#change({ remote: null, delayMs: null });
      return;
    }
    const link = this.#links.get(peer.id);
    this.#change({
      remote: {
        peer: peer.id,
        state: peer.state,
        present: peer.present,
        link: link?.link.state ?? "connecting",
        figures: link?.figures ?? null,
        video: link?.video ?? null,
        voice: link?.voice ?? null,
        hasVideo: (link?.video.getVideoTracks().length ?? 0) > 0,
      },
    });
  }

  #change(change: Partial<CallSnapshot>): void {
    if (this.#snapshot === undefined) return; // an event from a part that is still being built
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }

  #end(): void {
    this.#closed = true;
    clearTimeout(this.#renewTimer);
    for (const undo of this.#cleanUp.splice(0)) undo();
    this.#keeper.stop();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.#painter.stop();
    this.#voiceDelay?.close();
    this.#snapshot.camera.track?.stop();
    this.#snapshot.microphone.track?.stop();
    void this.#audio?.close().catch(() => undefined);
  }
}
