/**
 * Every signalling message as it stands on the wire; the twin of src/talchum/protocol/messages.py.
 *
 * One JSON object per WebSocket text frame, `type` first, names in lowerCamelCase. `seq` 0 means "not numbered".
 * Both decoders read tests/golden/messages.json. docs/signalling.md says what each message does.
 */

export const MAX_MESSAGE_BYTES = 64 * 1024;

export type Role = "participant" | "face-worker" | "recorder";
export type RecordingPhase = "asked" | "starting" | "running" | "stopped";
export type IdentityKind = "synthetic" | "anonymise" | "self" | "licensed";
/** Candidate types of RFC 8445; of a relay of this side also how it is reached. */
export type CallRoute = "host" | "srflx" | "prflx" | "relay" | "relay-udp" | "relay-tcp" | "relay-tls";
/** When a performer opens a worn leg to another participant: `auto` where it can gain something. */
export type ServerRelay = "never" | "auto" | "always";
export type LeaveReason = "left" | "lost" | "replaced" | "ended";

export interface SessionDescription {
  type: "offer" | "answer" | "rollback";
  sdp: string;
}

export interface IceCandidate {
  candidate: string;
  sdpMid: string | null;
  sdpMLineIndex: number | null;
  usernameFragment: string | null;
}

export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

/** What the other side must read while a face is worn: it is AI-made, and of which kind. */
export interface FaceDisclosure {
  kind: IdentityKind;
}

/** What a participant shows; `face` is null only when they chose to show their own, or show nothing yet. */
export interface ParticipantState {
  face: FaceDisclosure | null;
  ownFace: boolean;
  camera: boolean;
  microphone: boolean;
}

/** Another peer; `polite` is this receiver's role towards it (W3C WebRTC 10.7). */
export interface Peer {
  id: string;
  role: Role;
  polite: boolean;
  state: ParticipantState;
  faceLeg: string | null;
  /** Of a face worker that was opened to this receiver: the participant whose picture it sends. */
  performer?: string | null;
  present: boolean;
}

export type ClientBody =
  | { type: "description"; to: string; description: SessionDescription }
  | { type: "candidate"; to: string; candidate: IceCandidate }
  | { type: "state"; state: ParticipantState }
  | {
      type: "face-leg-request";
      request: string;
      identity: string;
      engine: string | null;
      /** The offer of an enrolment that the leg makes instead of showing a face. */
      enrolment?: string | null;
    }
  | { type: "face-leg-release"; request: string }
  | { type: "face-leg-open"; request: string; to: string; open: boolean }
  | { type: "disclosure-acknowledged"; to: string; tags: string[] }
  | { type: "recording-request" }
  | { type: "recording-answer"; recording: string; agree: boolean }
  | { type: "route"; route: CallRoute }
  | { type: "ice-servers-request" }
  | { type: "leave" };

export type ControlBody =
  | { type: "join"; ticket: string }
  | { type: "resume"; session: string; lastSeq: number }
  | { type: "acknowledge"; lastSeq: number }
  | { type: "ping"; nonce: number };

export type ClientMessage = (ClientBody | ControlBody) & { seq: number };

export type ServerBody =
  | {
      type: "welcome";
      session: string;
      peer: string;
      role: Role;
      peers: Peer[];
      iceServers: IceServer[];
      iceServersExpireIn: number;
      resumeWithin: number;
      serverRelay?: ServerRelay;
    }
  | { type: "resumed"; received: number }
  | { type: "peer-joined"; peer: Peer }
  | { type: "peer-left"; peer: string; reason: LeaveReason }
  | { type: "peer-presence"; peer: string; present: boolean }
  | { type: "description"; from: string; description: SessionDescription }
  | { type: "candidate"; from: string; candidate: IceCandidate }
  | { type: "state"; from: string; state: ParticipantState }
  | { type: "disclosure"; from: string; statement: string }
  | { type: "disclosure-acknowledged"; from: string; tags: string[] }
  | {
      type: "recording-state";
      recording: string;
      phase: RecordingPhase;
      askedBy: string;
      agreedBy: string[];
      reason: string;
      file: string;
    }
  | { type: "face-leg-queued"; request: string; place: number }
  | { type: "face-leg-unavailable"; request: string; code: string; message: string; retryable: boolean }
  | { type: "ice-servers"; iceServers: IceServer[]; expireIn: number }
  | { type: "pong"; nonce: number; received: number }
  | { type: "error"; code: string; message: string; retryable: boolean; fatal: boolean; about: number };

export type ServerMessage = ServerBody & { seq: number };

/** A message from the server that does not decode; the connection goes on. */
export class MessageError extends Error {
  readonly code: "malformed_message" | "message_too_large";

  constructor(message: string, code: MessageError["code"] = "malformed_message") {
    super(message);
    this.name = "MessageError";
    this.code = code;
  }
}

type Fields = Readonly<Record<string, unknown>>;
type Reader<T> = (value: unknown, where: string) => T;

function fail(where: string, value: unknown, expected: string): never {
  const got = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  throw new MessageError(`got ${got} for ${where}, expected ${expected}`);
}

const text: Reader<string> = (value, where) =>
  typeof value === "string" ? value : fail(where, value, "a string");

const flag: Reader<boolean> = (value, where) =>
  typeof value === "boolean" ? value : fail(where, value, "a boolean");

const count: Reader<number> = (value, where) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0
    ? value
    : fail(where, value, "a whole number of at least 0");

const object: Reader<Fields> = (value, where) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : fail(where, value, "an object");

function list<T>(read: Reader<T>): Reader<T[]> {
  return (value, where) =>
    Array.isArray(value)
      ? value.map((item, index) => read(item, `${where}[${index}]`))
      : fail(where, value, "a list");
}

function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, where) => (value === null || value === undefined ? null : read(value, where));
}

function withDefault<T>(read: Reader<T>, fallback: T): Reader<T> {
  return (value, where) => (value === undefined ? fallback : read(value, where));
}

function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, where) =>
    allowed.find((candidate) => candidate === value) ?? fail(where, value, allowed.join(" | "));
}

const description: Reader<SessionDescription> = (value, where) => {
  const fields = object(value, where);
  return {
    type: oneOf("offer", "answer", "rollback")(fields.type, `${where}.type`),
    sdp: withDefault(text, "")(fields.sdp, `${where}.sdp`),
  };
};

const candidate: Reader<IceCandidate> = (value, where) => {
  const fields = object(value, where);
  return {
    candidate: text(fields.candidate, `${where}.candidate`),
    sdpMid: nullable(text)(fields.sdpMid, `${where}.sdpMid`),
    sdpMLineIndex: nullable(count)(fields.sdpMLineIndex, `${where}.sdpMLineIndex`),
    usernameFragment: nullable(text)(fields.usernameFragment, `${where}.usernameFragment`),
  };
};

const iceServer: Reader<IceServer> = (value, where) => {
  const fields = object(value, where);
  return {
    urls: list(text)(fields.urls, `${where}.urls`),
    username: withDefault(text, "")(fields.username, `${where}.username`),
    credential: withDefault(text, "")(fields.credential, `${where}.credential`),
  };
};

export const IDENTITY_KINDS: readonly IdentityKind[] = ["synthetic", "anonymise", "self", "licensed"];

const disclosure: Reader<FaceDisclosure> = (value, where) => ({
  kind: oneOf(...IDENTITY_KINDS)(object(value, where).kind, `${where}.kind`),
});

export const NOTHING_SHOWN: ParticipantState = {
  face: null,
  ownFace: false,
  camera: false,
  microphone: false,
};

const participantState: Reader<ParticipantState> = (value, where) => {
  const fields = object(value, where);
  return {
    face: nullable(disclosure)(fields.face, `${where}.face`),
    ownFace: withDefault(flag, false)(fields.ownFace, `${where}.ownFace`),
    camera: withDefault(flag, false)(fields.camera, `${where}.camera`),
    microphone: withDefault(flag, false)(fields.microphone, `${where}.microphone`),
  };
};

const role = oneOf("participant", "face-worker", "recorder");

const peer: Reader<Peer> = (value, where) => {
  const fields = object(value, where);
  return {
    id: text(fields.id, `${where}.id`),
    role: role(fields.role, `${where}.role`),
    polite: flag(fields.polite, `${where}.polite`),
    state: withDefault(participantState, NOTHING_SHOWN)(fields.state, `${where}.state`),
    faceLeg: nullable(text)(fields.faceLeg, `${where}.faceLeg`),
    performer: nullable(text)(fields.performer, `${where}.performer`),
    present: withDefault(flag, true)(fields.present, `${where}.present`),
  };
};

const READERS: Readonly<Record<ServerBody["type"], (fields: Fields) => ServerBody>> = {
  welcome: (f) => ({
    type: "welcome",
    session: text(f.session, "session"),
    peer: text(f.peer, "peer"),
    role: role(f.role, "role"),
    peers: list(peer)(f.peers, "peers"),
    iceServers: list(iceServer)(f.iceServers, "iceServers"),
    iceServersExpireIn: count(f.iceServersExpireIn, "iceServersExpireIn"),
    resumeWithin: count(f.resumeWithin, "resumeWithin"),
    serverRelay: withDefault(oneOf("never", "auto", "always"), "never")(f.serverRelay, "serverRelay"),
  }),
  resumed: (f) => ({ type: "resumed", received: count(f.received, "received") }),
  "peer-joined": (f) => ({ type: "peer-joined", peer: peer(f.peer, "peer") }),
  "peer-left": (f) => ({
    type: "peer-left",
    peer: text(f.peer, "peer"),
    reason: oneOf("left", "lost", "replaced", "ended")(f.reason, "reason"),
  }),
  "peer-presence": (f) => ({
    type: "peer-presence",
    peer: text(f.peer, "peer"),
    present: flag(f.present, "present"),
  }),
  description: (f) => ({
    type: "description",
    from: text(f.from, "from"),
    description: description(f.description, "description"),
  }),
  candidate: (f) => ({
    type: "candidate",
    from: text(f.from, "from"),
    candidate: candidate(f.candidate, "candidate"),
  }),
  state: (f) => ({ type: "state", from: text(f.from, "from"), state: participantState(f.state, "state") }),
  disclosure: (f) => ({
    type: "disclosure",
    from: text(f.from, "from"),
    statement: text(f.statement, "statement"),
  }),
  "disclosure-acknowledged": (f) => ({
    type: "disclosure-acknowledged",
    from: text(f.from, "from"),
    tags: list(text)(f.tags, "tags"),
  }),
  "recording-state": (f) => ({
    type: "recording-state",
    recording: text(f.recording, "recording"),
    phase: oneOf("asked", "starting", "running", "stopped")(f.phase, "phase"),
    askedBy: text(f.askedBy, "askedBy"),
    agreedBy: list(text)(f.agreedBy, "agreedBy"),
    reason: text(f.reason, "reason"),
    file: text(f.file, "file"),
  }),
  "face-leg-queued": (f) => ({
    type: "face-leg-queued",
    request: text(f.request, "request"),
    place: count(f.place, "place"),
  }),
  "face-leg-unavailable": (f) => ({
    type: "face-leg-unavailable",
    request: text(f.request, "request"),
    code: text(f.code, "code"),
    message: text(f.message, "message"),
    retryable: flag(f.retryable, "retryable"),
  }),
  "ice-servers": (f) => ({
    type: "ice-servers",
    iceServers: list(iceServer)(f.iceServers, "iceServers"),
    expireIn: count(f.expireIn, "expireIn"),
  }),
  pong: (f) => ({ type: "pong", nonce: count(f.nonce, "nonce"), received: count(f.received, "received") }),
  error: (f) => ({
    type: "error",
    code: text(f.code, "code"),
    message: text(f.message, "message"),
    retryable: withDefault(flag, false)(f.retryable, "retryable"),
    fatal: withDefault(flag, false)(f.fatal, "fatal"),
    about: withDefault(count, 0)(f.about, "about"),
  }),
};

/** One message from the call server. Throws MessageError (`message_too_large`, `malformed_message`). */
export function decodeServerMessage(data: string): ServerMessage {
  const bytes = new TextEncoder().encode(data).length;
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new MessageError(
      `got a message of ${bytes} bytes, expected at most ${MAX_MESSAGE_BYTES}`,
      "message_too_large",
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new MessageError("got text that is not JSON, expected one JSON object");
  }
  const fields = object(value, "message");
  const type = text(fields.type, "type");
  if (!Object.hasOwn(READERS, type)) {
    throw new MessageError(`got message type ${JSON.stringify(type)}, expected a known one`);
  }
  const body = READERS[type as ServerBody["type"]](fields);
  return { ...body, seq: withDefault(count, 0)(fields.seq, "seq") };
}

/** The JSON text of one message to the call server. */
export function encodeClientMessage(message: ClientMessage): string {
  const { type, ...rest } = message;
  return JSON.stringify({ type, ...rest });
}
