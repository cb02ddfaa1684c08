/**
 * A recording of this call: whether it was asked for, who agreed, and the connection to the recorder.
 *
 * A recorder is sent what the other participant is sent, over the same kind of connection, and only while this
 * participant agrees. Taking the agreement back ends the connection here, before anybody else hears of it.
 */

import type { ClientBody, Peer, ServerMessage } from "@/lib/signalling/messages";
import type { KeptRecordings } from "./kept-recordings";
import type { OutgoingVideo } from "./outgoing-video";
import { ParticipantLink } from "./participant-link";
import type { ConnectionMessage } from "./participants";

export type RecordingMessage = Extract<ServerMessage, { type: "recording-state" }>;

/** `mine`: whether this participant asked. `agreed`: whether they agree. `file`: what opens it, or will. */
export interface RecordingStatus {
  recording: string;
  phase: RecordingMessage["phase"];
  mine: boolean;
  agreed: boolean;
  reason: string;
  file: string;
}

export interface RecordingOptions {
  send(message: ClientBody): void;
  configuration(): RTCConfiguration;
  outgoing: OutgoingVideo;
  voice(): MediaStreamTrack | null;
  kept: KeptRecordings;
  /** files: what opens the recordings that are over, the oldest first. */
  onChange(status: RecordingStatus | null, files: readonly string[]): void;
}

export class Recording {
  readonly #options: RecordingOptions;
  readonly #links = new Map<string, ParticipantLink>();
  #self = "";
  #status: RecordingStatus | null = null;

  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  /** The signalling session began (anew), as this peer: a recording of an earlier one is over. */
  begin(self: string): void {
    this.#self = self;
    this.#disconnect();
    this.#change(this.#status?.phase === "stopped" ? this.#status : null);
  }

  ask(): void {
    this.#options.send({ type: "recording-request" });
  }

  /** Agree, refuse, or end what runs. */
  answer(agree: boolean): void {
    if (this.#status === null) return;
    if (!agree) this.#disconnect();
    const { recording } = this.#status;
    this.#change({ ...this.#status, agreed: agree });
    this.#options.send({ type: "recording-answer", recording, agree });
  }

  handle({ recording, phase, askedBy, agreedBy, reason, file }: RecordingMessage): void {
    if (phase === "stopped") this.#disconnect();
    if (file !== "") this.#options.kept.add(file);
    const kept = this.#status?.recording === recording ? this.#status.file : "";
    if (reason === "no_recorder") this.#options.kept.forget(kept);
    this.#change({
      recording,
      phase,
      mine: askedBy === this.#self,
      agreed: agreedBy.includes(this.#self),
      reason,
      file: file === "" ? kept : file,
    });
  }

  /** The call server did not take the question. Codes that are about something else change nothing. */
  refused(code: string): void {
    if (code !== "recording_paused" || (this.#status !== null && this.#status.phase !== "stopped")) return;
    const { recording, file } = this.#status ?? { recording: "", file: "" };
    this.#change({ recording, phase: "stopped", mine: true, agreed: false, reason: code, file });
  }

  /** A recorder is in the room; without an agreement it gets nothing. */
  joined(peer: Peer): void {
    const { phase, agreed } = this.#status ?? { phase: "stopped", agreed: false };
    if (!agreed || (phase !== "starting" && phase !== "running")) return;
    this.#links.get(peer.id)?.close();
    this.#links.set(peer.id, this.#newLink(peer));
  }

  left(peer: string): void {
    this.#links.get(peer)?.close();
    this.#links.delete(peer);
  }

  /** What a recorder says; null for somebody who is none. */
  receive(message: ConnectionMessage): Promise<void> | null {
    const link = this.#links.get(message.from);
    if (link === undefined) return null;
    return message.type === "description"
      ? link.handleDescription(message.description)
      : link.handleCandidate(message.candidate);
  }

  setVoice(track: MediaStreamTrack | null): void {
    for (const link of this.#links.values()) void link.setMicrophone(track).catch(() => undefined);
  }

  renewCredentials(): void {
    const configuration = this.#options.configuration();
    for (const { link } of this.#links.values()) void link.renew(configuration).catch(() => undefined);
  }

  restartIce(): void {
    for (const { link } of this.#links.values()) link.restartIce();
  }

  /** This participant leaves, and will not hear any more that a recording stopped. */
  close(): void {
    this.#disconnect();
    const status = this.#status;
    if (status === null || status.phase === "stopped") return;
    this.#change(status.file === "" ? null : { ...status, phase: "stopped", reason: "left" });
  }

  /** A recording that is not to be had. */
  forget(file: string): void {
    this.#options.kept.forget(file);
    this.#change(this.#status?.file === file ? { ...this.#status, file: "" } : this.#status);
  }

  #newLink(peer: Peer): ParticipantLink {
    const { send, configuration, outgoing, voice } = this.#options;
    return new ParticipantLink(peer, configuration(), outgoing, voice(), {
      sendDescription: (description) => send({ type: "description", to: peer.id, description }),
      sendCandidate: (candidate) => send({ type: "candidate", to: peer.id, candidate }),
      onState: () => undefined,
      onMedia: () => undefined,
      onDelayMessage: () => undefined,
      onRoute: () => undefined,
    });
  }

  #disconnect(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #change(status: RecordingStatus | null): void {
    this.#status = status;
    const running = status === null || status.phase === "stopped" ? "" : status.file;
    this.#options.onChange(
      status,
      this.#options.kept.files.filter((file) => file !== running),
    );
  }
}
