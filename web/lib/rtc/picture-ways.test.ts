import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientBody, Peer } from "@/lib/signalling/messages";
import { FakeConnection } from "@/testing/fake-connection";
import { asTrack, FakeStream, FakeTrack } from "@/testing/fake-media";
import { PictureWays } from "./picture-ways";

const watched = vi.hoisted(() => new Map<MediaStreamTrack, (at: number) => void>());
vi.mock("@/lib/media/frame-clock", () => ({
  watchFrames: (track: MediaStreamTrack, onFrame: (at: number) => void) => {
    watched.set(track, onFrame);
    return () => watched.delete(track);
  },
}));

const worker = (id = "w1"): Peer => ({
  id,
  role: "face-worker",
  polite: false,
  faceLeg: null,
  performer: "other",
  present: true,
  state: { face: null, ownFace: false, camera: false, microphone: false },
});

describe("PictureWays", () => {
  let sent: ClientBody[];
  let ways: PictureWays;
  let mayShow: boolean;
  let changes: number;
  let disconnected: string[];
  let connected: string[];
  const client = asTrack(new FakeTrack("video", "remote"));

  const settle = () => vi.advanceTimersByTimeAsync(10);
  const opened = async (id = "w1"): Promise<FakeConnection> => {
    ways.joined(worker(id), "other");
    await settle();
    const connection = FakeConnection.made.at(-1) as FakeConnection;
    await ways.receive({ type: "description", seq: 1, from: id, description: { type: "answer", sdp: "" } });
    connection.deliver("video");
    return connection;
  };
  const trackOf = (connection: FakeConnection): MediaStreamTrack =>
    connection.transceivers[0]?.receiver.track as unknown as MediaStreamTrack;
  /** Frames by both ways for so long; the server's picture is 40 ms earlier. */
  const play = (from: number, seconds: number, tracks: MediaStreamTrack[]): void => {
    for (let at = from; at < from + seconds * 1_000; at += 40) {
      if ((at - from) % 1_000 === 0) ways.compare(at, 0.16, 0.12);
      for (const track of tracks) watched.get(track)?.(at);
    }
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    vi.stubGlobal("RTCRtpReceiver", {});
    vi.stubGlobal("MediaStream", FakeStream);
    FakeConnection.made = [];
    watched.clear();
    sent = [];
    mayShow = true;
    changes = 0;
    disconnected = [];
    connected = [];
    ways = new PictureWays({
      send: (message) => sent.push(message),
      configuration: () => ({}),
      mayShow: () => mayShow,
      onChange: () => {
        changes += 1;
      },
      onConnection: (peer) => connected.push(peer),
      onDisconnected: (peer) => disconnected.push(peer),
    });
    ways.enter();
    ways.follow(client);
  });

  afterEach(() => {
    ways.clear();
    vi.useRealTimers();
  });

  it("offers to take a video from the worker and sends it nothing", async () => {
    const connection = await opened();
    expect(sent).toMatchObject([{ type: "description", to: "w1", description: { type: "offer" } }]);
    expect(connection.transceivers.map(({ direction }) => direction)).toEqual(["recvonly"]);
    expect(connection.senders.flatMap(({ carried }) => carried)).toEqual([null]);
    expect(connected).toContain("w1");
    expect(ways.connection("w1")).toBe(connection);
    expect(ways.performerOf("w1")).toBe("other");
  });

  it("connects only after entering, and not to a worker that is closed by then", async () => {
    ways = new PictureWays({
      send: (message) => sent.push(message),
      configuration: () => ({}),
      mayShow: () => true,
      onChange: () => undefined,
      onConnection: () => undefined,
      onDisconnected: () => undefined,
    });
    ways.joined(worker("w1"), "other");
    expect(ways.performerOf("w1")).toBe("other");
    ways.left("w1");
    ways.joined(worker("w2"), "other");
    await settle();
    expect(FakeConnection.made).toHaveLength(0);
    ways.enter();
    await settle();
    expect(sent).toMatchObject([{ type: "description", to: "w2" }]);
  });

  it("shows the worker's picture once it has been the faster for a while", async () => {
    const connection = await opened();
    expect(ways.snapshot("other")).toMatchObject({ way: "client", mayShow: true });
    expect(ways.snapshot("somebody")).toBeNull();
    const before = changes;
    play(0, 3.2, [client, trackOf(connection)]);
    expect(ways.way).toBe("server");
    expect(ways.lead).toBeCloseTo(0.04);
    expect(changes).toBe(before + 1);
    expect(ways.snapshot("other")?.video.getVideoTracks()).toEqual([trackOf(connection)]);
  });

  it("counts no picture of the worker's that may not be shown", async () => {
    const connection = await opened();
    mayShow = false;
    play(0, 6, [client, trackOf(connection)]);
    expect(ways.way).toBe("client");
    expect(ways.snapshot("other")).toMatchObject({ mayShow: false });
  });

  it("calls it the client's picture as soon as the worker's may not be shown any more", async () => {
    const connection = await opened();
    play(0, 3.2, [client, trackOf(connection)]);
    mayShow = false;
    expect(ways.snapshot("other")).toMatchObject({ way: "client", mayShow: false });
    expect([ways.way, ways.lead]).toEqual(["client", 0]);
  });

  it("goes back to the client when the worker is silent", async () => {
    const connection = await opened();
    play(0, 3.2, [client, trackOf(connection)]);
    play(3_240, 0.4, [client]);
    expect(ways.way).toBe("client");
  });

  it("goes back at once when the worker is gone, watches nothing any more and forgets it", async () => {
    const connection = await opened();
    play(0, 3.2, [client, trackOf(connection)]);
    ways.left("somebody");
    expect(ways.way).toBe("server");
    ways.left("w1");
    expect(ways.way).toBe("client");
    expect(ways.snapshot("other")).toBeNull();
    expect(connection.signalingState).toBe("closed");
    expect(disconnected).toEqual(["w1"]);
    expect(watched.size).toBe(0);
  });

  it("takes another worker in place of the first", async () => {
    const first = await opened("w1");
    const second = await opened("w2");
    expect(first.signalingState).toBe("closed");
    expect(ways.connection("w1")).toBeNull();
    expect(ways.connection("w2")).toBe(second);
    expect(disconnected).toEqual(["w1"]);
  });

  it("says how long pictures take from the worker, and leaves others' messages to others", async () => {
    const connection = await opened();
    expect(ways.passage).toBeNull();
    const entries: [string, object][] = [
      ["t", { id: "t", type: "transport", selectedCandidatePairId: "p" }],
      ["p", { id: "p", type: "candidate-pair", currentRoundTripTime: 0.03 }],
      ["v", { type: "inbound-rtp", kind: "video", framesDecoded: 10, totalProcessingDelay: 0.1 }],
    ];
    connection.getStats = async () => new Map<string, unknown>(entries);
    await ways.measure();
    expect(ways.passage).toBeCloseTo(0.015 + 0.01);
    const candidate = { candidate: "", sdpMid: null, sdpMLineIndex: null, usernameFragment: null };
    expect(ways.receive({ type: "candidate", seq: 1, from: "other", candidate })).toBeNull();
  });

  it("gives the connection fresh credentials and restarts its ICE", async () => {
    const connection = await opened();
    ways.renewCredentials();
    ways.restartIce();
    expect(connection.iceRestarts).toBe(1);
  });
});
