import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ParticipantState, Peer, ServerMessage } from "@/lib/signalling/messages";
import type { Identity } from "@/lib/signalling/room-api";
import { FakeAudioContext } from "@/testing/fake-audio";
import { FakeConnection } from "@/testing/fake-connection";
import { camera, drawing, FakeStream, FakeTrack } from "@/testing/fake-media";
import { FakeSocket } from "@/testing/fake-socket";
import { CallSession } from "./call-session";
import { OwnFaceConfirmation } from "./outgoing-video";

const watched = vi.hoisted(() => new Map<MediaStreamTrack, (at: number) => void>());
vi.mock("@/lib/media/frame-clock", () => ({
  watchFrames: (track: MediaStreamTrack, onFrame: (at: number) => void) => {
    watched.set(track, onFrame);
    return () => watched.delete(track);
  },
}));
vi.mock("@/lib/media/card-track", async () => {
  const { CardTrack } = await import("./outgoing-video");
  return {
    CardPainter: class {
      readonly card = new CardTrack(drawing() as unknown as MediaStreamTrack);
      setText(): void {}
      setShown(): void {}
      stop(): void {}
    },
  };
});

const NOTHING: ParticipantState = { face: null, ownFace: false, camera: false, microphone: false };
const OTHER: Peer = {
  id: "other",
  role: "participant",
  polite: false,
  state: NOTHING,
  faceLeg: null,
  present: true,
};
const MINJI: Identity = {
  name: "minji",
  title: { en: "Minji", ko: "민지" },
  description: { en: "x", ko: "x" },
  kind: "synthetic",
  engines: ["portrait"],
  thumbnail: null,
  learned: false,
};

function welcome(peers: Peer[]): ServerMessage {
  return {
    type: "welcome",
    seq: 0,
    session: "session-of-the-call",
    peer: "me",
    role: "participant",
    peers,
    iceServers: [{ urls: ["turn:t"], username: "u", credential: "c" }],
    iceServersExpireIn: 600,
    resumeWithin: 30,
  };
}

describe("CallSession", () => {
  let session: CallSession;
  let cameras: FakeTrack[];
  const media = { getUserMedia: vi.fn(), enumerateDevices: vi.fn(async () => []) };

  const join = async (peers: Peer[] = []): Promise<FakeSocket> => {
    session.start();
    await vi.advanceTimersByTimeAsync(10);
    FakeSocket.last.open();
    FakeSocket.last.say(welcome(peers));
    await vi.advanceTimersByTimeAsync(10);
    return FakeSocket.last;
  };
  const leg = (): FakeConnection =>
    FakeConnection.made.find(({ channels }) => channels[0]?.label === "talchum") as FakeConnection;
  const toOthers = (): FakeConnection[] =>
    FakeConnection.made.filter(({ channels }) => channels[0]?.label === "talchum-delay");
  const wearLive = async (): Promise<void> => {
    session.wearFace(MINJI);
    const request = FakeSocket.last.sentOf("face-leg-request").at(-1)?.request ?? "";
    FakeSocket.last.say({
      type: "peer-joined",
      seq: 2,
      peer: { ...OTHER, id: "w1", role: "face-worker", faceLeg: request },
    });
    await vi.advanceTimersByTimeAsync(10);
    leg().deliver("video");
    const track = leg().transceivers[0]?.receiver.track as unknown as MediaStreamTrack;
    watched.get(track)?.(performance.now());
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    vi.stubGlobal("RTCRtpReceiver", {});
    vi.stubGlobal("MediaStream", FakeStream);
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("AudioContext", FakeAudioContext);
    vi.stubGlobal("fetch", async () =>
      Response.json(
        { ticket: "t".repeat(20), expiresIn: 60, peer: "me", rejoin: "r".repeat(20) },
        { status: 201 },
      ),
    );
    FakeConnection.made = [];
    FakeSocket.opened = [];
    cameras = [];
    media.getUserMedia.mockReset().mockImplementation(async ({ video }: MediaStreamConstraints) => {
      const track = video ? camera() : new FakeTrack("audio", "microphone");
      if (video) cameras.push(track);
      return new FakeStream([track]);
    });
    Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: media });
    sessionStorage.clear();
    session = new CallSession({
      room: "room",
      origin: "http://localhost",
      storage: sessionStorage,
      cardTexts: { preparing: ["…"], cameraOff: ["off"] },
      relayOnly: false,
    });
  });

  afterEach(() => {
    session.suspend();
    vi.useRealTimers();
  });

  it("sends others nothing from the lobby, but keeps what they send", async () => {
    const socket = await join([OTHER]);
    socket.say({ type: "description", seq: 1, from: "other", description: { type: "offer", sdp: "" } });
    await wearLive();
    expect(toOthers()).toHaveLength(0);
    session.enter();
    await vi.advanceTimersByTimeAsync(10);
    expect(toOthers()).toHaveLength(1);
    expect(socket.sentOf("description").filter(({ to }) => to === "other")).toMatchObject([
      { description: { type: "answer" } },
    ]);
  });

  it("says what it shows before its first offer", async () => {
    const socket = await join([OTHER]);
    await wearLive();
    session.enter();
    await vi.advanceTimersByTimeAsync(2_000);
    const types = socket.sent.map((message) =>
      message.type === "state"
        ? message.state.face?.kind
        : message.type === "description"
          ? message.to
          : null,
    );
    expect(types.indexOf("synthetic")).toBeGreaterThan(-1);
    expect(types.indexOf("synthetic")).toBeLessThan(types.indexOf("other"));
  });

  it("never puts the camera on a connection to another while a face is chosen", async () => {
    const socket = await join([OTHER]);
    await wearLive();
    session.enter();
    await vi.advanceTimersByTimeAsync(2_000);
    socket.say({ type: "peer-left", seq: 3, peer: "w1", reason: "lost" });
    await session.flipCamera();
    await session.turnCamera(false);
    await session.turnCamera(true);
    session.wearFace({ ...MINJI, name: "veil", kind: "anonymise" });
    await vi.advanceTimersByTimeAsync(5_000);
    const sent = toOthers().flatMap((connection) => connection.videoEverSent);
    expect(sent.length).toBeGreaterThan(0);
    for (const lens of cameras) expect(sent).not.toContain(lens);
    expect(leg().videoEverSent).toContain(cameras[0]);
  });

  it("shows the own face only while its confirmation stands", async () => {
    await join([OTHER]);
    session.showOwnFace(new OwnFaceConfirmation());
    session.enter();
    await vi.advanceTimersByTimeAsync(2_000);
    const sender = toOthers()[0]?.senders.find(({ track }) => track?.kind === "video");
    expect(sender?.track).toBe(cameras[0]);
    expect(FakeSocket.last.sentOf("state").at(-1)?.state).toMatchObject({ ownFace: true, face: null });
    session.wearFace(MINJI);
    expect(sender?.track?.label).toBe("canvas");
    await session.turnCamera(false);
    await session.turnCamera(true);
    expect(sender?.track?.label).toBe("canvas");
    expect(FakeSocket.last.sentOf("state").at(-1)?.state).toMatchObject({ ownFace: false });
  });

  it("does not touch media when the socket is lost and resumed", async () => {
    const socket = await join([OTHER]);
    await wearLive();
    session.enter();
    await vi.advanceTimersByTimeAsync(2_000);
    const before = FakeConnection.made.length;
    socket.close();
    await vi.advanceTimersByTimeAsync(1_000);
    FakeSocket.last.open();
    FakeSocket.last.say({ type: "resumed", received: 100, seq: 0 });
    await vi.advanceTimersByTimeAsync(100);
    expect(FakeConnection.made).toHaveLength(before);
    expect(toOthers().map(({ signalingState }) => signalingState)).not.toContain("closed");
  });

  it("asks for fresh relay credentials before they end and gives them to every connection", async () => {
    const socket = await join([OTHER]);
    await wearLive();
    session.enter();
    await vi.advanceTimersByTimeAsync(545_000);
    expect(socket.sentOf("ice-servers-request")).toHaveLength(1);
    const iceServers = [{ urls: ["turn:t"], username: "later", credential: "c" }];
    socket.say({ type: "ice-servers", seq: 9, iceServers, expireIn: 600 });
    expect(toOthers()[0]?.configuration.iceServers).toMatchObject([{ username: "later" }]);
  });

  it("restarts ICE of every connection when the machine comes online again", async () => {
    await join([OTHER]);
    await wearLive();
    session.enter();
    await vi.advanceTimersByTimeAsync(2_000);
    const [other] = toOthers();
    await other?.setRemoteDescription({ type: "answer", sdp: "" });
    window.dispatchEvent(new Event("online"));
    expect(other?.iceRestarts).toBe(1);
  });

  it("says plainly why there is no camera, and joins all the same", async () => {
    media.getUserMedia.mockRejectedValue(new DOMException("x", "NotAllowedError"));
    await join();
    expect(session.snapshot.camera.failure).toBe("camera_denied");
    expect(session.snapshot.microphone.failure).toBe("microphone_denied");
    expect(session.snapshot.signalling).toBe("open");
  });

  it("says what it shows now as soon as a lost socket is back", async () => {
    const socket = await join([OTHER]);
    await wearLive();
    session.enter();
    socket.close();
    session.showOwnFace(new OwnFaceConfirmation());
    await vi.advanceTimersByTimeAsync(1_000);
    FakeSocket.last.open();
    FakeSocket.last.say({ type: "resumed", received: 1, seq: 0 });
    expect(FakeSocket.last.sentOf("state").at(-1)?.state).toMatchObject({ face: null, ownFace: true });
  });

  it("tells whether the other left or was lost", async () => {
    const socket = await join([OTHER]);
    session.enter();
    socket.say({ type: "peer-left", seq: 1, peer: "other", reason: "left" });
    expect(session.snapshot).toMatchObject({ remote: null, departed: "left", endedBy: "other" });
    socket.say({ type: "peer-joined", seq: 2, peer: OTHER });
    expect(session.snapshot).toMatchObject({ departed: null, endedBy: null });
    expect(session.snapshot.remote?.peer).toBe("other");
  });

  it("stops every device when leaving", async () => {
    await join([OTHER]);
    session.enter();
    session.leave();
    expect(cameras.map(({ readyState }) => readyState)).toEqual(["ended"]);
    expect(session.snapshot).toMatchObject({ phase: "left", endedBy: "me" });
  });
});
