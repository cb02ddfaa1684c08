/** Which part of the call each message of the call server is for. */

import type { Disclosures } from "@/lib/disclosure/disclosures";
import type { LeaveReason, Peer, ServerMessage } from "@/lib/signalling/messages";
import type { FaceLegKeeper } from "./face-leg-keeper";
import type { IceServers } from "./ice-servers";
import type { LegOpener } from "./leg-opener";
import type { ConnectionMessage, Participants } from "./participants";
import type { PictureWays } from "./picture-ways";
import type { Recording } from "./recording";

export interface CallParts {
  iceServers: IceServers;
  keeper: FaceLegKeeper;
  participants: Participants;
  ways: PictureWays;
  opener: LegOpener;
  disclosures: Disclosures;
  recording: Recording;
  /** A participant went, and why; null: another one is there. */
  onDeparted(departed: { peer: string; reason: LeaveReason } | null): void;
}

export function routeMessage(message: ServerMessage, parts: CallParts): void {
  const { iceServers, keeper, participants, recording } = parts;
  switch (message.type) {
    case "peer-joined":
      joined(message.peer, parts);
      break;
    case "peer-left":
      left(message.peer, message.reason, parts);
      break;
    case "peer-presence":
      keeper.workerPresence(message.peer, message.present);
      participants.update(message.peer, { present: message.present });
      break;
    case "state":
      participants.update(message.from, { state: message.state });
      break;
    case "description":
    case "candidate":
      connect(message, parts);
      break;
    case "disclosure":
      parts.disclosures.receive(message.from, message.statement);
      break;
    case "disclosure-acknowledged":
      participants.acknowledged(message.from);
      break;
    case "recording-state":
      recording.handle(message);
      break;
    case "error":
      recording.refused(message.code);
      if (message.code === "face_leg_unworn") parts.opener.refused(performance.now());
      break;
    case "face-leg-queued":
      keeper.queued(message.request, message.place);
      break;
    case "face-leg-unavailable":
      keeper.unavailable(message.request, message.code, message.retryable);
      break;
    case "ice-servers":
      iceServers.set(message.iceServers, message.expireIn);
      participants.renewCredentials();
      parts.ways.renewCredentials();
      recording.renewCredentials();
      keeper.renewCredentials();
      break;
    default:
      break;
  }
}

function joined(peer: Peer, { keeper, participants, ways, recording, onDeparted }: CallParts): void {
  if (peer.role === "recorder") {
    recording.joined(peer);
    return;
  }
  if (peer.role === "face-worker") {
    if (peer.performer != null) ways.joined(peer, peer.performer);
    else keeper.workerJoined(peer);
    return;
  }
  onDeparted(null);
  participants.joined(peer);
}

function left(
  peer: string,
  reason: LeaveReason,
  { keeper, participants, ways, recording, onDeparted }: CallParts,
): void {
  keeper.workerLost(peer);
  ways.left(peer);
  recording.left(peer);
  if (participants.left(peer) && reason !== "replaced") onDeparted({ peer, reason });
}

/** To the face leg, the opened worker or the recorder that says it, else to the connection to a participant. */
function connect(message: ConnectionMessage, { keeper, participants, ways, recording }: CallParts): void {
  const ofLeg =
    message.type === "description"
      ? keeper.description(message.from, message.description)
      : keeper.candidate(message.from, message.candidate);
  const handled = ofLeg ?? ways.receive(message) ?? recording.receive(message);
  // What the browser refuses must not end the call: ICE restart or the other side try again.
  if (handled !== null) handled.catch(() => undefined);
  else participants.receive(message);
}
