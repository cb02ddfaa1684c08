/** What pages show of a visit to a room: one value that is replaced whenever anything in it changes. */

import type { Disclosed } from "@/lib/disclosure/disclosures";
import type { CameraState } from "@/lib/media/own-camera";
import type { MicrophoneState } from "@/lib/media/own-microphone";
import type { IdentityKind, LeaveReason, ParticipantState } from "@/lib/signalling/messages";
import type { SignallingState } from "@/lib/signalling/room-client";
import type { LegStatus } from "./leg-status";
import type { LinkState } from "./peer";
import type { RecordingStatus } from "./recording";
import type { Way } from "./relay-choice";
import type { LinkFigures } from "./stats";

export type Choice = { kind: "face"; identity: string; faceKind: IdentityKind } | { kind: "own-face" } | null;

/** Another's picture straight from their face worker (server relay), beside the one from their client. */
export interface RelaySnapshot {
  /** By which way they are shown. */
  way: Way;
  video: MediaStream;
  /** Whether the worker's picture may be put on the screen at all. */
  mayShow: boolean;
  figures: LinkFigures | null;
}

export interface RemoteSnapshot {
  peer: string;
  state: ParticipantState;
  present: boolean;
  link: LinkState;
  figures: LinkFigures | null;
  /** null before there is a connection. */
  video: MediaStream | null;
  /** null while their face worker is not open to us. */
  relay: RelaySnapshot | null;
  voice: MediaStream | null;
  hasVideo: boolean;
  /** Whether their picture may be shown, and what has been disclosed of it. */
  disclosed: Disclosed;
  /** They have acknowledged which face is worn here. */
  knows: boolean;
}

export interface CallSnapshot {
  phase: "lobby" | "call" | "left";
  signalling: SignallingState;
  /** The room cannot be entered or the session ended: a code of the call server. */
  refused: string | null;
  camera: CameraState;
  microphone: MicrophoneState;
  choice: Choice;
  leg: LegStatus;
  /** What goes out to others, for the self-view. */
  outgoing: { kind: "returned" | "card" | "own-face"; track: MediaStreamTrack };
  remote: RemoteSnapshot | null;
  /** The last participant who went, while nobody else is there. */
  departed: LeaveReason | null;
  /** Whose leaving ended the call, oneself or the other; null while it goes on. */
  endedBy: string | null;
  /** A recording that was asked for, runs or is over; null while there was none. */
  recording: RecordingStatus | null;
  /** What opens this call's recordings that are over, the oldest first. */
  recordings: readonly string[];
  /** Capture to display of the other's picture, ms; null until known. */
  delayMs: number | null;
  voiceDelayMs: number;
}

/** Holds the newest snapshot and tells of every new one. */
export class CallSnapshots {
  readonly #listeners = new Set<() => void>();
  #current: CallSnapshot;

  /** A visit begins in the lobby, alone as far as is known. */
  constructor(own: Pick<CallSnapshot, "camera" | "microphone" | "leg" | "outgoing">) {
    this.#current = {
      ...own,
      phase: "lobby",
      signalling: "connecting",
      refused: null,
      choice: null,
      remote: null,
      departed: null,
      endedBy: null,
      recording: null,
      recordings: [],
      delayMs: null,
      voiceDelayMs: 0,
    };
  }

  get current(): CallSnapshot {
    return this.#current;
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  change(change: Partial<CallSnapshot>): void {
    this.#current = { ...this.#current, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** What others are told: in the lobby nothing is shown yet, and only an open microphone is one. */
export function announcedState({ phase, choice, camera, microphone }: CallSnapshot): ParticipantState {
  const inCall = phase === "call";
  const shown = inCall ? choice : null;
  return {
    face: shown?.kind === "face" ? { kind: shown.faceKind } : null,
    ownFace: shown?.kind === "own-face",
    camera: inCall && camera.on,
    microphone: inCall && microphone.on && microphone.track !== null,
  };
}
