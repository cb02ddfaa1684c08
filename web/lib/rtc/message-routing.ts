/** Which part of the call each message of the call server is for. */

import type { Disclosures } from "@/lib/disclosure/disclosures";
import type { LeaveReason, Peer, ServerMessage } from "@/lib/signalling/messages";
import type { FaceLegKeeper } from "./face-leg-keeper";
import type { IceServers } from "./ice-servers";
import type { ConnectionMessage, Participants } from "./participants";
import type { Recording } from "./recording";

export interface CallParts {
  iceServers: IceServers;
  keeper: FaceLegKeeper;
  participants: Participants;
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
      recording.renewCredentials();
      keeper.renewCredentials();
      break;
    default:
      break;
  }
}

function joined(peer: Peer, { keeper, participants, recording, onDeparted }: CallParts): void {
  if (peer.role === "recorder") {
    recording.joined(peer);
    return;
  }
  if (peer.role === "face-worker") {
    keeper.workerJoined(peer);
    return;
  }
  onDeparted(null);
  participants.joined(peer);
}

function left(
  peer: string,
  reason: LeaveReason,
  { keeper, participants, recording, onDeparted }: CallParts,
): void {
  keeper.workerLost(peer);
  recording.left(peer);
  if (participants.left(peer) && reason !== "replaced") onDeparted({ peer, reason });
}

/** To the face leg or the recorder that says it, else to the connection to a participant. */
function connect(message: ConnectionMessage, { keeper, participants, recording }: CallParts): void {
  const ofLeg =
    message.type === "description"
      ? keeper.description(message.from, message.description)
      : keeper.candidate(message.from, message.candidate);
  const handled = ofLeg ?? recording.receive(message);
  // What the browser refuses must not end the call: ICE restart or the other side try again.
  if (handled !== null) handled.catch(() => undefined);
  else participants.receive(message);
}
