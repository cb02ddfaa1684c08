/**
 * One visit to a room, from the lobby to leaving: signalling, own devices, face, and the other participants.
 *
 * No React in here: pages read `snapshot` and subscribe. In the lobby the room is joined already (a face worker can only
 * be asked for from inside), but nothing is sent to other participants; what they send waits until `enter`.
 */

import { Disclosures } from "@/lib/disclosure/disclosures";
import { CardPainter } from "@/lib/media/card-track";
import { missingSupport } from "@/lib/media/devices";
import { OwnCamera } from "@/lib/media/own-camera";
import { OwnMicrophone } from "@/lib/media/own-microphone";
import type { ServerMessage } from "@/lib/signalling/messages";
import type { Identity } from "@/lib/signalling/room-api";
import { RoomClient, type Welcome } from "@/lib/signalling/room-client";
import { announcedState, type CallSnapshot, CallSnapshots } from "./call-snapshot";
import { DelayExchange } from "./delay-exchange";
import { FaceLegKeeper } from "./face-leg-keeper";
import { IceServers } from "./ice-servers";
import { KeptRecordings } from "./kept-recordings";
import { LegOpener } from "./leg-opener";
import { routeMessage } from "./message-routing";
import { followNetwork } from "./network-changes";
import { OutgoingVideo, type OwnFaceConfirmation, OwnFaceTrack } from "./outgoing-video";
import { OutgoingVoice } from "./outgoing-voice";
import { Participants } from "./participants";
import { PictureWays } from "./picture-ways";
import { Recording } from "./recording";
import type { Way } from "./relay-choice";

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

export class CallSession {
  readonly #options: SessionOptions;
  readonly #client: RoomClient;
  readonly #painter: CardPainter;
  readonly #outgoing: OutgoingVideo;
  readonly #keeper: FaceLegKeeper;
  readonly #participants: Participants;
  readonly #ways: PictureWays;
  readonly #disclosures: Disclosures;
  readonly #snapshots: CallSnapshots;
  readonly recording: Recording;
  readonly #opener = new LegOpener((message) => this.#client.send(message));
  readonly #iceServers = new IceServers(() => this.#client.send({ type: "ice-servers-request" }));
  readonly #voice = new OutgoingVoice((track) => {
    this.#participants.setVoice(track);
    this.recording.setVoice(track);
  });
  readonly #camera = new OwnCamera({
    onState: (camera) => this.#change({ camera }),
    onTrack: (track) => this.#film(track),
    onSettled: () => this.#announce(),
  });
  readonly #microphone = new OwnMicrophone({
    onState: (microphone) => this.#change({ microphone }),
    onTrack: (track) => this.#voice.setMicrophone(track),
    onSettled: () => this.#announce(),
  });
  readonly #delays = new DelayExchange({
    link: () => this.#participants.link,
    wearsFace: (peer) => this.#participants.wearsFace(peer),
    worn: () => (this.snapshot.choice?.kind === "face" ? this.snapshot.leg : null),
    ways: () => this.#ways,
    voice: this.#voice,
    onDelay: (delayMs) => {
      this.#change({ delayMs });
      this.#changeRemote();
    },
    onVoiceDelay: (voiceDelayMs) => this.#change({ voiceDelayMs }),
  });
  #stopFollowingNetwork: (() => void) | null = null;
  #confirmation: OwnFaceConfirmation | null = null;
  #peer: string | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#painter = new CardPainter(options.cardTexts.preparing);
    this.#outgoing = new OutgoingVideo(this.#painter.card);
    this.#client = this.#newClient();
    this.#keeper = new FaceLegKeeper({
      send: (message) => this.#client.send(message),
      outgoing: this.#outgoing,
      configuration: () => this.#iceServers.configuration(),
      onChange: (leg) => {
        this.#change({ leg });
        this.#openLeg();
      },
    });
    this.#ways = this.#newWays();
    this.#disclosures = this.#newDisclosures();
    this.#participants = this.#newParticipants();
    this.recording = new Recording({
      send: (message) => this.#client.send(message),
      configuration: () => this.#iceServers.configuration(options.relayOnly),
      outgoing: this.#outgoing,
      voice: () => this.#voice.track,
      kept: new KeptRecordings(options.room, options.storage),
      onChange: (recording, recordings) => this.#change({ recording, recordings }),
    });
    this.#snapshots = new CallSnapshots({
      camera: this.#camera.state,
      microphone: this.#microphone.state,
      leg: this.#keeper.status,
      outgoing: { kind: "card", track: this.#painter.card.track },
    });
    this.#outgoing.subscribe(({ kind, track }) => {
      this.#painter.setShown(kind === "card");
      this.#change({ outgoing: { kind, track } });
    });
  }

  get snapshot(): CallSnapshot {
    return this.#snapshots.current;
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => this.#snapshots.subscribe(listener);

  /** Join the room's lobby and ask for camera and microphone. */
  start(): void {
    this.#client.connect();
    this.#stopFollowingNetwork = followNetwork({
      onChanged: () => {
        this.#client.probe();
        this.#participants.restartIce();
        this.#ways.restartIce();
        this.recording.restartIce();
        this.#keeper.restartIce();
      },
      onVisible: () => this.#client.probe(),
    });
    this.#delays.start();
    const missing = missingSupport();
    if (missing !== null) {
      this.#camera.unsupported(missing);
      this.#microphone.unsupported();
      return;
    }
    void this.turnCamera(true).then(() => this.#microphone.open(null));
  }

  // -- own devices ------------------------------------------------------------------------------

  turnCamera(on: boolean): Promise<void> {
    return this.#camera.turn(on);
  }

  chooseCamera(deviceId: string): Promise<void> {
    return this.#camera.choose(deviceId);
  }

  flipCamera(): Promise<void> {
    return this.#camera.flip();
  }

  chooseMicrophone(deviceId: string): Promise<void> {
    return this.#microphone.open(deviceId);
  }

  turnMicrophone(on: boolean): void {
    this.#microphone.turn(on);
  }

  audioContext(): AudioContext {
    return this.#voice.audioContext();
  }

  // -- the face ---------------------------------------------------------------------------------

  /** Wear a face. An own face that was shown is off the air before anything else happens. */
  wearFace(identity: Identity): void {
    this.#confirmation?.revoke();
    this.#confirmation = null;
    const { choice } = this.snapshot;
    if (choice?.kind !== "face" || choice.faceKind !== identity.kind)
      this.#participants.forgetAcknowledgements();
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
    this.#voice.release();
    this.#change({ voiceDelayMs: this.#voice.delayMs });
  }

  #showOwnFace(): void {
    const { track } = this.#camera.state;
    if (track === null || this.#confirmation === null || !this.#confirmation.valid) return;
    this.#outgoing.show(new OwnFaceTrack(track, this.#confirmation));
  }

  /** The camera films for the face worker, and for others only as far as `#showOwnFace` goes; null: it is off. */
  #film(track: MediaStreamTrack | null): void {
    const { preparing, cameraOff } = this.#options.cardTexts;
    this.#painter.setText(track === null ? cameraOff : preparing);
    if (track === null) this.#outgoing.showCard();
    this.#keeper.setCamera(track);
    if (track !== null) this.#showOwnFace();
  }

  // -- the call ---------------------------------------------------------------------------------

  /** Leave the lobby: what this participant shows is said first, then connections are made. */
  enter(): void {
    if (this.snapshot.phase !== "lobby") return;
    this.#change({ phase: "call" });
    this.#announce();
    void this.#voice.prepare();
    this.#participants.enter();
    this.#ways.enter();
  }

  leave(): void {
    this.#client.leave();
    this.#end();
    this.#change({ phase: "left", endedBy: this.#peer });
  }

  /** The page goes away (reload, closed tab): the place is kept for a while. */
  suspend(): void {
    this.#client.close();
    this.#end();
  }

  /** Somebody here has read that this participant's face is AI-made, and wants to see them. */
  acknowledge(peer: string): void {
    this.#disclosures.acknowledge(peer);
  }

  /** Time the frames of the other's picture by this way as an element displays them. Returns how to stop. */
  meter(video: HTMLVideoElement, way: Way): () => void {
    return this.#delays.meter(video, way);
  }

  #end(): void {
    this.#iceServers.stop();
    this.#stopFollowingNetwork?.();
    this.#delays.stop();
    this.#keeper.stop();
    this.#participants.close();
    this.#ways.clear();
    this.#disclosures.close();
    this.recording.close();
    this.#painter.stop();
    this.#voice.close();
    this.#camera.stop();
    this.#microphone.stop();
  }

  // -- signalling -------------------------------------------------------------------------------

  #newClient(): RoomClient {
    const { room, origin, storage } = this.#options;
    return new RoomClient({
      room,
      socketUrl: `${origin.replace(/^http/, "ws")}/ws`,
      storage,
      events: {
        onWelcome: (welcome) => this.#welcomed(welcome),
        onMessage: (message) => this.#receive(message),
        onState: (signalling) => this.#change({ signalling }),
        onRefused: (error) => this.#change({ refused: error.code }),
      },
    });
  }

  #newParticipants(): Participants {
    return new Participants({
      send: (message) => this.#client.send(message),
      configuration: () => this.#iceServers.configuration(this.#options.relayOnly),
      outgoing: this.#outgoing,
      voice: () => this.#voice.track,
      onChange: () => this.#changeRemote(),
      disclosed: (peer) => this.#disclosures.of(peer),
      onConnection: (peer) => this.#disclosures.connectionChanged(peer),
      onDisconnected: (peer) => {
        this.#disclosures.forget(peer);
        this.#delays.reset();
      },
      onDelayMessage: (message) => this.#delays.receive(message),
      relayed: (peer) => this.#ways.snapshot(peer),
    });
  }

  #newWays(): PictureWays {
    return new PictureWays({
      send: (message) => this.#client.send(message),
      configuration: () => this.#iceServers.configuration(this.#options.relayOnly),
      mayShow: (worker, performer) => this.#mayShow(worker, performer),
      onChange: () => this.#changeRemote(),
      onConnection: (worker) => this.#disclosures.connectionChanged(worker),
      onDisconnected: (worker) => this.#disclosures.forget(worker),
    });
  }

  /** A worker shows worn faces and nothing else, and what it sends is disclosed for itself. */
  #mayShow(worker: string, performer: string): boolean {
    const state = this.#participants.stateOf(performer);
    return (
      state !== null &&
      state.face !== null &&
      this.#disclosures.of({ id: worker, state }).gate.state === "open"
    );
  }

  /** The face that goes out is open to the others as well, where that pays. */
  #openLeg(): void {
    const { worn, lines, connections } = this.#keeper;
    for (const leg of connections) if (leg.draining) this.#opener.withdraw(leg.request);
    this.#opener.mind(performance.now(), worn, lines, this.#participants.lines);
  }

  #newDisclosures(): Disclosures {
    return new Disclosures({
      room: this.#options.room,
      connection: (peer) => this.#participants.connection(peer) ?? this.#ways.connection(peer),
      performerOf: (worker) => this.#ways.performerOf(worker),
      send: (message) => this.#client.send(message),
      onChange: () => this.#changeRemote(),
    });
  }

  #welcomed(welcome: Welcome): void {
    this.#peer = welcome.peer;
    this.#iceServers.set(welcome.iceServers, welcome.iceServersExpireIn);
    this.#disclosures.clear();
    this.#ways.clear();
    this.#opener.begin(welcome.serverRelay ?? "never");
    this.#participants.begin(welcome.peers);
    this.recording.begin(welcome.peer);
    this.#delays.reset();
    this.#announce();
    this.#keeper.sessionRenewed();
    this.#participants.connect();
    for (const peer of welcome.peers) {
      if (peer.role === "face-worker" && peer.performer != null) this.#ways.joined(peer, peer.performer);
    }
    this.#changeRemote();
  }

  #receive(message: ServerMessage): void {
    routeMessage(message, {
      iceServers: this.#iceServers,
      keeper: this.#keeper,
      participants: this.#participants,
      ways: this.#ways,
      opener: this.#opener,
      disclosures: this.#disclosures,
      recording: this.recording,
      onDeparted: (gone) => this.#change({ departed: gone?.reason ?? null, endedBy: gone?.peer ?? null }),
    });
  }

  #announce(): void {
    this.#client.send({ type: "state", state: announcedState(this.snapshot) });
  }

  // -- the snapshot -----------------------------------------------------------------------------

  #changeRemote(): void {
    const { remote } = this.#participants;
    this.#ways.follow(remote?.video?.getVideoTracks()[0] ?? null);
    this.#change(remote === null ? { remote, delayMs: null } : { remote });
  }

  #change(change: Partial<CallSnapshot>): void {
    this.#snapshots.change(change);
  }
}
