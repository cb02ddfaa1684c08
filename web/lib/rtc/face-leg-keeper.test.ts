import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientBody, Peer } from "@/lib/signalling/messages";
import { FakeConnection } from "@/testing/fake-connection";
import { asTrack, camera, drawing } from "@/testing/fake-media";
import { FaceLegKeeper } from "./face-leg-keeper";
import type { LegStatus } from "./leg-status";
import { CardTrack, OutgoingVideo } from "./outgoing-video";

const watched = vi.hoisted(() => new Map<MediaStreamTrack, (at: number) => void>());
vi.mock("@/lib/media/frame-clock", () => ({
  watchFrames: (track: MediaStreamTrack, onFrame: (at: number) => void) => {
    watched.set(track, onFrame);
    return () => watched.delete(track);
  },
}));

const FACE = { identity: "minji", engine: "portrait" };

describe("FaceLegKeeper", () => {
  let sent: ClientBody[];
  let status: LegStatus;
  let card: CardTrack;
  let outgoing: OutgoingVideo;
  let keeper: FaceLegKeeper;
  let lens: MediaStreamTrack;

  const requests = () => sent.filter((message) => message.type === "face-leg-request");
  const released = () => sent.filter((message) => message.type === "face-leg-release");
  const worker = (id: string, request = requests().at(-1)?.request ?? ""): Peer => ({
    id,
    role: "face-worker",
    polite: false,
    faceLeg: request,
    present: true,
    state: { face: null, ownFace: false, camera: false, microphone: false },
  });
  const frames = async (connection: FakeConnection, milliseconds: number): Promise<void> => {
    const track = connection.transceivers[0]?.receiver.track;
    for (let passed = 0; passed < milliseconds; passed += 33) {
      await vi.advanceTimersByTimeAsync(33);
      watched.get(track as unknown as MediaStreamTrack)?.(performance.now());
    }
  };
  const live = async (id = "w1"): Promise<FakeConnection> => {
    keeper.workerJoined(worker(id));
    const connection = FakeConnection.made.at(-1) as FakeConnection;
    await vi.advanceTimersByTimeAsync(0);
    await keeper.description(id, { type: "answer", sdp: "" });
    connection.become("connected");
    connection.deliver("video");
    connection.channels[0]?.open();
    await frames(connection, 100);
    return connection;
  };

  const hear = (connection: FakeConnection, message: object): void =>
    connection.channels[0]?.onmessage?.({ data: JSON.stringify(message) });

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    vi.stubGlobal("RTCRtpReceiver", {});
    FakeConnection.made = [];
    watched.clear();
    sent = [];
    card = new CardTrack(asTrack(drawing()));
    outgoing = new OutgoingVideo(card);
    keeper = new FaceLegKeeper({
      send: (message) => sent.push(message),
      outgoing,
      configuration: () => ({}),
      onChange: (next) => {
        status = next;
      },
    });
    lens = asTrack(camera());
    keeper.setCamera(lens);
    keeper.wear(FACE);
  });

  afterEach(() => {
    keeper.stop();
    vi.useRealTimers();
  });

  it("asks for a leg and shows what comes back once its first frame has", async () => {
    expect(requests()).toMatchObject([FACE]);
    keeper.workerJoined(worker("w1"));
    expect(outgoing.current).toBe(card);
    const connection = await live();
    expect(outgoing.current.kind).toBe("returned");
    expect(status.state).toBe("live");
    expect(connection.channels[0]?.sent).toEqual([{ type: "wear", ...FACE }]);
    expect(connection.videoEverSent.map(asTrack)).toEqual([lens]);
  });

  it("takes nobody for its worker who does not answer its request", () => {
    expect(keeper.workerJoined(worker("w1", "another"))).toBe(false);
    expect(keeper.workerJoined({ ...worker("w1"), role: "participant" })).toBe(false);
    expect(FakeConnection.made).toHaveLength(0);
  });

  it("shows the card after 300 ms without a frame, and the face again with the next one", async () => {
    const connection = await live();
    await vi.advanceTimersByTimeAsync(250);
    expect(outgoing.current.kind).toBe("returned");
    await vi.advanceTimersByTimeAsync(150);
    expect(outgoing.current).toBe(card);
    expect(status.state).toBe("silent");
    await frames(connection, 40);
    expect(outgoing.current.kind).toBe("returned");
    expect(requests()).toHaveLength(1);
  });

  it("asks for another leg at once when a silent worker's socket is gone, and changes over", async () => {
    const first = await live();
    keeper.workerPresence("w1", false);
    await frames(first, 500);
    expect(requests()).toHaveLength(1); // its media goes on
    await vi.advanceTimersByTimeAsync(400);
    expect(requests()).toHaveLength(2);
    expect(outgoing.current).toBe(card);
    const second = await live("w2");
    expect(outgoing.current.track).toBe(second.transceivers[0]?.receiver.track);
    expect(first.signalingState).toBe("closed");
    expect(released().map(({ request }) => request)).toEqual([requests()[0]?.request]);
  });

  it("gives a worker that only pauses two seconds before it asks for another", async () => {
    await live();
    await vi.advanceTimersByTimeAsync(1_800);
    expect(requests()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(400);
    expect(requests()).toHaveLength(2);
  });

  it("keeps the old leg when it comes back before the new one", async () => {
    const first = await live();
    await vi.advanceTimersByTimeAsync(2_500);
    keeper.workerJoined(worker("w2"));
    const second = FakeConnection.made.at(-1);
    await frames(first, 100);
    expect(second?.signalingState).toBe("closed");
    expect(released().map(({ request }) => request)).toEqual([requests()[1]?.request]);
    expect(status.state).toBe("live");
  });

  it("shows a draining worker until its successor's face flows, and never the card between them", async () => {
    const first = await live();
    const shown: string[] = [];
    outgoing.subscribe((track) => shown.push(track.kind));
    hear(first, { type: "draining" });
    hear(first, { type: "draining" });
    expect(requests()).toHaveLength(2);
    const firstFrames = watched.get(first.transceivers[0]?.receiver.track as unknown as MediaStreamTrack);
    const both = async (milliseconds: number): Promise<void> => {
      for (let passed = 0; passed < milliseconds; passed += 33) {
        await frames(FakeConnection.made.at(-1) as FakeConnection, 33);
        firstFrames?.(performance.now());
      }
    };
    keeper.workerJoined(worker("w2"));
    const second = FakeConnection.made.at(-1) as FakeConnection;
    await vi.advanceTimersByTimeAsync(0);
    await keeper.description("w2", { type: "answer", sdp: "" });
    second.become("connected");
    second.deliver("video");
    hear(second, { type: "report", state: "card" });
    await both(500);
    expect(outgoing.current.track).toBe(first.transceivers[0]?.receiver.track);
    hear(second, { type: "report", state: "face" });
    await both(400);
    hear(second, { type: "report", state: "card" });
    hear(second, { type: "report", state: "face" });
    await both(400);
    expect(outgoing.current.track).toBe(first.transceivers[0]?.receiver.track);
    await both(132);
    expect(outgoing.current.track).toBe(second.transceivers[0]?.receiver.track);
    expect(first.signalingState).toBe("closed");
    expect(released().map(({ request }) => request)).toEqual([requests()[0]?.request]);
    expect(shown).toEqual(["returned", "returned"]);
  });

  it("goes on with a draining worker, asking again, while no other one is free", async () => {
    const first = await live();
    hear(first, { type: "draining" });
    keeper.unavailable(requests()[1]?.request ?? "", "no_free_face_worker", true);
    await frames(first, 2_100);
    expect(requests()).toHaveLength(3);
    expect(outgoing.current.track).toBe(first.transceivers[0]?.receiver.track);
  });

  it("puts the card out and asks again when the worker leaves", async () => {
    await live();
    keeper.workerLost("w1");
    expect(outgoing.current).toBe(card);
    expect(requests()).toHaveLength(2);
  });

  it("changes the face over the running leg", async () => {
    const connection = await live();
    keeper.wear({ identity: "veil", engine: "veil" });
    expect(connection.channels[0]?.sent.at(-1)).toEqual({ type: "wear", identity: "veil", engine: "veil" });
    expect(requests()).toHaveLength(1);
    connection.channels[0]?.onmessage?.({ data: '{"type":"wearing","identity":"veil","engine":"veil"}' });
    expect(status.wearing).toBe("veil");
  });

  it("says so when the worker goes over to a lighter engine by itself", async () => {
    const connection = await live();
    hear(connection, { type: "wearing", identity: "minji", engine: "neural" });
    expect(status.engine).toBe("neural");
    hear(connection, { type: "wearing", identity: "minji", engine: "portrait" });
    hear(connection, { type: "report", state: "face", fallback: true });
    expect([status.wearing, status.engine, status.report?.fallback]).toEqual(["minji", "portrait", true]);
    expect(requests()).toHaveLength(1);
  });

  it("says that no worker is free, and tries again", async () => {
    const request = requests()[0]?.request ?? "";
    keeper.queued(request, 2);
    keeper.queued("another-request", 7);
    expect(status).toMatchObject({ state: "queued", place: 2 });
    keeper.unavailable(request, "no_free_leg", true);
    expect(status).toMatchObject({ state: "unavailable", code: "no_free_leg", retryable: true });
    await vi.advanceTimersByTimeAsync(2_100);
    expect(requests()).toHaveLength(2);
  });

  it("does not try again what cannot succeed", async () => {
    keeper.unavailable(requests()[0]?.request ?? "", "identity_unknown", false);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(requests()).toHaveLength(1);
    expect(status.state).toBe("unavailable");
  });

  it("shows the card while the camera is off, and sends another camera over the same leg", async () => {
    const connection = await live();
    keeper.setCamera(null);
    expect(outgoing.current).toBe(card);
    await frames(connection, 100);
    expect(outgoing.current).toBe(card);
    keeper.setCamera(asTrack(camera("back")));
    await frames(connection, 40);
    expect(outgoing.current.kind).toBe("returned");
    expect(connection.senders[0]?.track?.label).toBe("back");
    expect(requests()).toHaveLength(1);
  });

  it("releases everything when the face is taken off", async () => {
    const connection = await live();
    keeper.takeOff();
    expect(connection.signalingState).toBe("closed");
    expect(outgoing.current).toBe(card);
    expect(released()).toHaveLength(1);
    expect(status.state).toBe("none");
  });

  it("asks anew when the signalling session began anew", async () => {
    await live();
    keeper.sessionRenewed();
    expect(requests()).toHaveLength(2);
    expect(released()).toHaveLength(0);
  });
});
