/**
 * One person before their camera, until they have enrolled or not: camera, offer, room, and the leg to a face worker.
 *
 * No React in here: the page reads `snapshot` and subscribes. Nobody else is in the room; what the camera films goes to
 * the worker alone, as it happens.
 */

import { ApiError } from "@/lib/call-server";
import { missingSupport } from "@/lib/media/devices";
import { type CameraState, OwnCamera } from "@/lib/media/own-camera";
import { IceServers } from "@/lib/rtc/ice-servers";
import { WorkerLink } from "@/lib/rtc/worker-link";
import type { Peer } from "@/lib/signalling/messages";
import { createRoom } from "@/lib/signalling/room-api";
import { type PeerMessage, RoomClient } from "@/lib/signalling/room-client";
import { enrolmentApi, type Offer, type Wish } from "./enrolment-api";
import { decodeEnrolmentMessage, type EnrolmentMessage, type Hint, type Words } from "./enrolment-messages";

/** ready: before the camera. asking, queued, connecting: a face worker is being found. acting: it asks. */
export type Phase = "ready" | "asking" | "queued" | "connecting" | "acting" | "over";

export interface EnrolmentSnapshot {
  phase: Phase;
  camera: CameraState;
  prompt: { name: string; seconds: number; words: Words } | null;
  hint: Hint;
  /** Whether the worker knows how they look at rest. */
  begun: boolean;
  done: number;
  left: number;
  /** What was not taken last, and why. */
  again: { prompt: string; why: string } | null;
  /** How it ended: `passed`, why it was not, or the code of what went wrong. */
  end: string | null;
  offer: Offer | null;
}

export interface VisitOptions {
  /** Of the call server. */
  origin: string;
}

/** A worker that has said nothing for this long is taken for gone; it speaks five times a second. */
const SILENT_AFTER_MS = 10_000;
/** A request that no worker answers; the call server gives up sooner. */
const ASK_PATIENCE_MS = 30_000;

/** This tab comes back to no enrolment. */
const NO_STORAGE = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };

const BEFORE = { prompt: null, hint: "", begun: false, done: 0, left: 0, again: null, end: null } as const;

export class EnrolmentVisit {
  readonly #options: VisitOptions;
  readonly #listeners = new Set<() => void>();
  readonly #camera: OwnCamera;
  #snapshot: EnrolmentSnapshot;
  #iceServers: IceServers | null = null;
  #client: RoomClient | null = null;
  #request = "";
  #leg: WorkerLink | null = null;
  #silence: ReturnType<typeof setTimeout> | undefined;
  /** Counts attempts: what an earlier one still brings is not this one's. */
  #attempt = 0;

  constructor(options: VisitOptions) {
    this.#options = options;
    this.#camera = new OwnCamera({
      onState: (camera) => this.#change({ camera }),
      onTrack: (track) => void this.#leg?.setCamera(track),
      onSettled: () => undefined,
    });
    this.#snapshot = { phase: "ready", camera: this.#camera.state, offer: null, ...BEFORE };
  }

  get snapshot(): EnrolmentSnapshot {
    return this.#snapshot;
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Open the camera, or try once more to. */
  openCamera(): void {
    const missing = missingSupport();
    if (missing !== null) this.#camera.unsupported(missing);
    else void this.#camera.turn(true);
  }

  flipCamera(): void {
    void this.#camera.flip();
  }

  /** Have an enrolment offered, and begin it. */
  async begin(wish: Wish): Promise<void> {
    this.#drop();
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#change({ phase: "asking", offer: null, ...BEFORE });
    try {
      const offer = await enrolmentApi.offer(wish);
      const current = attempt === this.#attempt;
      if (!current) {
        await enrolmentApi.withdraw(offer.enrolment);
        return;
      }
      this.#change({ offer });
      const { room } = await createRoom();
      if (attempt === this.#attempt) this.#enter(room);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (attempt === this.#attempt) this.#end(error.code);
    }
  }

  /** Stop, and have what there is so far forgotten. */
  async cancel(): Promise<void> {
    const { offer, end } = this.#snapshot;
    this.#attempt += 1;
    this.#drop();
    this.#change({ phase: "ready", offer: null, ...BEFORE });
    if (offer === null || end !== null) return;
    await enrolmentApi.withdraw(offer.enrolment).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error; // unfinished, it comes to nothing by itself
    });
  }

  /** The page goes away. */
  stop(): void {
    this.#attempt += 1;
    this.#drop();
    this.#camera.stop();
  }

  // -- signalling -------------------------------------------------------------------------------

  #enter(room: string): void {
    const iceServers = new IceServers(() => client.send({ type: "ice-servers-request" }));
    const client = new RoomClient({
      room,
      socketUrl: `${this.#options.origin.replace(/^http/, "ws")}/ws`,
      storage: NO_STORAGE,
      events: {
        onWelcome: (welcome) => {
          iceServers.set(welcome.iceServers, welcome.iceServersExpireIn);
          this.#ask(client);
        },
        onMessage: (message) => this.#receive(message),
        onState: () => undefined,
        onRefused: (error) => this.#end(error.code),
      },
    });
    this.#iceServers = iceServers;
    this.#client = client;
    this.#expectWord(ASK_PATIENCE_MS, "unreachable");
    client.connect();
  }

  #ask(client: RoomClient): void {
    const { offer } = this.#snapshot;
    if (offer === null) return;
    if (this.#leg !== null) {
      this.#end("interrupted"); // the call server has forgotten the room, and the leg with it
      return;
    }
    this.#request = crypto.randomUUID();
    client.send({
      type: "face-leg-request",
      request: this.#request,
      identity: offer.identity,
      engine: null,
      enrolment: offer.enrolment,
    });
  }

  #receive(message: PeerMessage): void {
    switch (message.type) {
      case "peer-joined":
        if (message.peer.faceLeg === this.#request && this.#request !== "") this.#connect(message.peer);
        break;
      case "peer-left":
        if (message.peer === this.#leg?.worker) this.#end("interrupted");
        break;
      case "description":
        // What the browser refuses ends nothing: the worker is silent then, and that does.
        if (message.from === this.#leg?.worker)
          this.#leg.link.handleDescription(message.description).catch(() => undefined);
        break;
      case "candidate":
        if (message.from === this.#leg?.worker)
          this.#leg.link.handleCandidate(message.candidate).catch(() => undefined);
        break;
      case "face-leg-queued":
        if (this.#snapshot.phase === "asking") this.#change({ phase: "queued" });
        break;
      case "face-leg-unavailable":
        if (message.request === this.#request) this.#end(message.code);
        break;
      case "ice-servers":
        this.#iceServers?.set(message.iceServers, message.expireIn);
        break;
      default:
        break;
    }
  }

  // -- the leg ----------------------------------------------------------------------------------

  #connect(worker: Peer): void {
    const client = this.#client;
    if (client === null || this.#leg !== null) return;
    const to = worker.id;
    this.#leg = new WorkerLink(
      worker,
      this.#camera.state.track,
      this.#iceServers?.configuration() ?? {},
      {
        sendDescription: (description) => client.send({ type: "description", to, description }),
        sendCandidate: (candidate) => client.send({ type: "candidate", to, candidate }),
        onState: () => undefined,
        onOpen: () => undefined,
        onData: (data) => this.#hear(decodeEnrolmentMessage(data)),
      },
      null,
    );
    this.#change({ phase: "connecting" });
    this.#expectWord(ASK_PATIENCE_MS, "interrupted");
  }

  #hear(message: EnrolmentMessage | null): void {
    if (message === null || this.#snapshot.phase === "over") return;
    this.#expectWord(SILENT_AFTER_MS, "interrupted");
    switch (message.type) {
      case "enrolment-progress": {
        const { hint, begun, done, left } = message;
        this.#change({ phase: "acting", hint, begun, done, left });
        break;
      }
      case "enrolment-prompt": {
        const { prompt: name, seconds, words } = message;
        this.#change({ phase: "acting", prompt: { name, seconds, words }, again: null });
        break;
      }
      case "enrolment-done":
        this.#change({ prompt: null });
        break;
      case "enrolment-again":
        this.#change({ prompt: null, again: { prompt: message.prompt, why: message.why } });
        break;
      case "enrolment-over":
        this.#end(message.end);
        break;
      case "enrolment-refused":
        this.#end(message.code);
        break;
    }
  }

  #expectWord(milliseconds: number, end: string): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#end(end), milliseconds);
  }

  #end(end: string): void {
    if (this.#snapshot.phase === "over") return;
    const { offer, begun } = this.#snapshot;
    this.#drop();
    this.#change({ phase: "over", end, prompt: null, hint: "" });
    if (end === "interrupted" && begun && offer !== null) void this.#lookAgain(offer, this.#attempt);
  }

  /** The last word of a worker may have been lost with its connection. */
  async #lookAgain({ enrolment }: Offer, attempt: number): Promise<void> {
    try {
      const { outcome } = await enrolmentApi.show(enrolment);
      if (outcome === "passed" && attempt === this.#attempt) this.#change({ end: "passed" });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // it is not known to have passed
    }
  }

  /** Leave room and worker; the camera stays open. */
  #drop(): void {
    clearTimeout(this.#silence);
    this.#leg?.close();
    this.#leg = null;
    this.#request = "";
    this.#iceServers?.stop();
    this.#client?.leave();
    this.#client = null;
  }

  #change(change: Partial<EnrolmentSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}
