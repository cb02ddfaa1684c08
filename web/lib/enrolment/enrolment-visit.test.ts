import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ServerBody } from "@/lib/signalling/messages";
import { FakeServer, OFFER, WISH } from "@/testing/enrolment";
import { FakeConnection } from "@/testing/fake-connection";
import { asTrack, camera, FakeStream } from "@/testing/fake-media";
import { FakeSocket } from "@/testing/fake-socket";
import { EnrolmentVisit } from "./enrolment-visit";

const DELETE = `DELETE /api/enrolments/${OFFER.enrolment}`;

describe("EnrolmentVisit", () => {
  let server: FakeServer;
  let visit: EnrolmentVisit;
  let seq: number;
  let lens: ReturnType<typeof camera>;

  const settle = () => vi.advanceTimersByTimeAsync(0);
  const say = async (body: ServerBody): Promise<void> => {
    FakeSocket.last.say({ ...body, seq: body.type === "welcome" ? 0 : ++seq });
    await settle();
  };
  const requests = () => FakeSocket.opened.flatMap((socket) => socket.sentOf("face-leg-request"));
  const enter = async (): Promise<void> => {
    void visit.begin(WISH);
    await settle();
    FakeSocket.last.open();
    await say({
      type: "welcome",
      session: "s".repeat(32),
      peer: "p1",
      role: "participant",
      peers: [],
      iceServers: [],
      iceServersExpireIn: 600,
      resumeWithin: 30,
    });
  };
  const joined = async (faceLeg: string | null): Promise<void> => {
    const state = { face: null, ownFace: false, camera: false, microphone: false };
    await say({
      type: "peer-joined",
      peer: { id: "w1", role: "face-worker", polite: false, state, faceLeg, present: true },
    });
  };
  const connect = async (): Promise<FakeConnection> => {
    await enter();
    await joined(requests().at(-1)?.request ?? "");
    return FakeConnection.made.at(-1) as FakeConnection;
  };
  const tell = (message: object): void =>
    FakeConnection.made.at(-1)?.channels[0]?.onmessage?.({ data: JSON.stringify(message) });

  beforeEach(async () => {
    vi.useFakeTimers();
    lens = camera();
    server = new FakeServer();
    seq = 0;
    FakeSocket.opened = [];
    FakeConnection.made = [];
    vi.stubGlobal("fetch", server.fetch);
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    vi.stubGlobal("RTCRtpReceiver", {});
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: async () => new FakeStream([lens]) } });
    visit = new EnrolmentVisit({ origin: "https://calls.example" });
    visit.openCamera();
    await settle();
  });

  afterEach(() => {
    visit.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("asks for a leg that enrols, and sends the camera to its worker and nothing back", async () => {
    const connection = await connect();
    expect(server.asks("POST /api/enrolments")[0]?.body).toEqual(WISH);
    const wanted = { identity: OFFER.identity, engine: null, enrolment: OFFER.enrolment };
    expect(requests()).toMatchObject([wanted]);
    expect(connection.videoEverSent.map(asTrack)).toEqual([lens]);
    expect(connection.channels.map(({ label, sent }) => [label, sent])).toEqual([["talchum", []]]);
    expect(visit.snapshot.phase).toBe("connecting");
  });

  it("takes nobody for its worker who does not answer its request", async () => {
    await enter();
    await joined("another");
    await joined(null);
    expect(FakeConnection.made).toHaveLength(0);
  });

  it("passes on what the worker says", async () => {
    await connect();
    tell({ type: "enrolment-progress", hint: "too_dark", begun: false, done: 0, left: 11 });
    expect(visit.snapshot).toMatchObject({ phase: "acting", hint: "too_dark", begun: false, left: 11 });
    tell({ type: "enrolment-prompt", prompt: "smile", seconds: 7, words: {} });
    expect(visit.snapshot.prompt).toEqual({ name: "smile", seconds: 7, words: {} });
    tell({ type: "enrolment-again", prompt: "smile", why: "not_done" });
    expect(visit.snapshot).toMatchObject({ prompt: null, again: { prompt: "smile", why: "not_done" } });
    tell({ type: "enrolment-prompt", prompt: "look-up", seconds: 7, words: {} });
    expect(visit.snapshot.again).toBeNull();
    tell({ type: "enrolment-done", prompt: "look-up" });
    expect(visit.snapshot.prompt).toBeNull();
    tell({ type: "dance" });
    expect(visit.snapshot.phase).toBe("acting");
  });

  it.each([
    ["passed", { type: "enrolment-over", end: "passed" }],
    ["another_face", { type: "enrolment-over", end: "another_face" }],
    ["signing_key_missing", { type: "enrolment-refused", code: "signing_key_missing", message: "x" }],
  ])("ends as the worker says: %s", async (end, message) => {
    const connection = await connect();
    tell(message);
    expect(visit.snapshot).toMatchObject({ phase: "over", end, offer: OFFER });
    expect(connection.signalingState).toBe("closed");
    expect(FakeSocket.last.sentOf("leave")).toHaveLength(1);
    expect(lens.readyState).toBe("live"); // for another try
  });

  it("says that no worker is free", async () => {
    await enter();
    const request = requests()[0]?.request ?? "";
    await say({ type: "face-leg-queued", request, place: 1 });
    expect(visit.snapshot.phase).toBe("queued");
    const code = "no_free_face_worker";
    await say({ type: "face-leg-unavailable", request, code, message: "x", retryable: true });
    expect(visit.snapshot).toMatchObject({ phase: "over", end: code });
  });

  it.each([
    ["an offer that is refused", "POST /api/enrolments", "too_many_enrolments"],
    ["a room that there is not", "POST /api/rooms", "rate_limited"],
  ])("ends with the reason of %s", async (_case, what, code) => {
    server.refuse(what, 409, code);
    await visit.begin(WISH);
    expect(visit.snapshot).toMatchObject({ phase: "over", end: code });
  });

  it("begins again with another offer", async () => {
    await connect();
    tell({ type: "enrolment-over", end: "too_slow" });
    await connect();
    expect(server.asks("POST /api/enrolments")).toHaveLength(2);
    expect(visit.snapshot).toMatchObject({ phase: "connecting", end: null });
    expect(FakeConnection.made).toHaveLength(2);
  });

  it("has it forgotten when it is cancelled", async () => {
    const connection = await connect();
    await visit.cancel();
    expect(visit.snapshot).toMatchObject({ phase: "ready", offer: null });
    expect(connection.signalingState).toBe("closed");
    expect(server.asks(DELETE)).toHaveLength(1);
    tell({ type: "enrolment-over", end: "passed" });
    expect(visit.snapshot.phase).toBe("ready");
  });

  it("takes back an offer that comes after it was cancelled", async () => {
    const begun = visit.begin(WISH);
    await visit.cancel();
    await begun;
    expect(server.asks(DELETE)).toHaveLength(1);
    expect(FakeSocket.opened).toHaveLength(0);
  });

  it.each([
    ["is silent", () => vi.advanceTimersByTimeAsync(10_500)],
    ["leaves", () => say({ type: "peer-left", peer: "w1", reason: "lost" })],
  ])("asks how it stands when a worker that knows them %s", async (_case, happens) => {
    server.answers[`GET /api/enrolments/${OFFER.enrolment}`] = () => Response.json({ outcome: "passed" });
    await connect();
    tell({ type: "enrolment-progress", hint: "", begun: true, done: 11, left: 0 });
    await happens();
    await settle();
    expect(visit.snapshot).toMatchObject({ phase: "over", end: "passed" });
  });

  it("is interrupted when nothing is known of it", async () => {
    await connect();
    await say({ type: "peer-left", peer: "w1", reason: "lost" });
    expect(visit.snapshot).toMatchObject({ phase: "over", end: "interrupted" });
    expect(server.asks(`GET /api/enrolments/${OFFER.enrolment}`)).toHaveLength(0);
  });

  it("says why there is no camera, and opens it when asked again", async () => {
    const denied = async () => Promise.reject(new DOMException("no", "NotAllowedError"));
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: denied } });
    visit.openCamera();
    await settle();
    expect(visit.snapshot.camera).toMatchObject({ track: null, failure: "camera_denied" });
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: async () => new FakeStream([camera()]) } });
    visit.openCamera();
    await settle();
    expect(visit.snapshot.camera.failure).toBeNull();
  });
});
