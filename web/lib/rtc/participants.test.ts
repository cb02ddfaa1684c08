import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientBody, ParticipantState, Peer } from "@/lib/signalling/messages";
import { FakeConnection } from "@/testing/fake-connection";
import { asTrack, drawing, FakeStream, FakeTrack } from "@/testing/fake-media";
import { CardTrack, OutgoingVideo } from "./outgoing-video";
import { Participants } from "./participants";

const NOTHING: ParticipantState = { face: null, ownFace: false, camera: false, microphone: false };
const OTHER: Peer = {
  id: "other",
  role: "participant",
  polite: false,
  state: NOTHING,
  faceLeg: null,
  present: true,
};

describe("Participants", () => {
  let participants: Participants;
  let sent: ClientBody[];
  let configuration: RTCConfiguration;
  let disconnected: number;
  let remotes: (string | undefined)[];
  let connections: string[];
  const microphone = new FakeTrack("audio", "microphone");

  const told = (): (string | undefined)[] =>
    sent.map((message) => (message.type === "description" ? message.description.type : message.type));
  const offer = {
    type: "description",
    seq: 1,
    from: "other",
    description: { type: "offer", sdp: "" },
  } as const;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    vi.stubGlobal("RTCRtpReceiver", {});
    vi.stubGlobal("MediaStream", FakeStream);
    FakeConnection.made = [];
    sent = [];
    configuration = {};
    disconnected = 0;
    remotes = [];
    connections = [];
    participants = new Participants({
      send: (message) => sent.push(message),
      configuration: () => configuration,
      outgoing: new OutgoingVideo(new CardTrack(asTrack(drawing()))),
      voice: () => asTrack(microphone),
      onChange: () => remotes.push(participants.remote?.peer),
      disclosed: () => ({ gate: { state: "waiting" }, legs: [], tags: [] }),
      onConnection: (peer) => connections.push(peer),
      onDisconnected: () => {
        disconnected += 1;
      },
      onDelayMessage: () => undefined,
      relayed: () => null,
    });
  });

  afterEach(() => {
    participants.close();
    vi.useRealTimers();
  });

  it("are shown from the lobby on, and connected to from entering on", () => {
    participants.begin([OTHER, { ...OTHER, id: "w1", role: "face-worker" }]);
    participants.connect();
    expect(participants.remote).toMatchObject({ peer: "other", link: "connecting", video: null });
    expect(FakeConnection.made).toHaveLength(0);
    participants.enter();
    expect(FakeConnection.made).toHaveLength(1);
    expect(participants.link?.peer).toBe("other");
    expect(FakeConnection.made[0]?.senders.map(({ track }) => track?.label)).toEqual([
      "canvas",
      "microphone",
    ]);
  });

  it("tell the call server the kind of their route, once and when it changes", async () => {
    participants.begin([OTHER]);
    participants.enter();
    const report = (candidateType: string) => async () =>
      new Map<string, unknown>([
        ["t", { id: "t", type: "transport", selectedCandidatePairId: "p" }],
        ["p", { id: "p", type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r" }],
        ["l", { id: "l", candidateType, relayProtocol: "tls" }],
        ["r", { id: "r", candidateType: "host" }],
      ]);
    const [connection] = FakeConnection.made;
    if (connection === undefined) throw new Error("no connection was made");
    for (const type of ["host", "host", "relay"]) {
      connection.getStats = report(type);
      await participants.link?.measure();
    }
    const routes = sent.filter((message) => message.type === "route");
    expect(routes.map(({ route }) => route)).toEqual(["host", "relay-tls"]);
  });

  it("are answered after entering what they sent before", async () => {
    participants.begin([{ ...OTHER, polite: true }]);
    participants.receive(offer);
    await vi.advanceTimersByTimeAsync(10);
    expect(sent).toEqual([]);
    participants.enter();
    await vi.advanceTimersByTimeAsync(10);
    expect(told()).toEqual(["answer"]);
  });

  it("are not answered when they left meanwhile", async () => {
    participants.begin([OTHER]);
    participants.receive(offer);
    participants.left("other");
    participants.joined({ ...OTHER, polite: true });
    participants.enter();
    await vi.advanceTimersByTimeAsync(10);
    expect(sent).toEqual([]);
  });

  it("get a new connection when they come anew", () => {
    participants.begin([OTHER]);
    participants.enter();
    participants.joined(OTHER);
    expect(FakeConnection.made.map(({ signalingState }) => signalingState === "closed")).toEqual([
      true,
      false,
    ]);
    expect(disconnected).toBe(1);
  });

  it("are gone with their connection when they leave", () => {
    participants.begin([OTHER]);
    participants.enter();
    expect(participants.left("somebody else")).toBe(false);
    expect(participants.left("other")).toBe(true);
    expect(FakeConnection.made[0]?.signalingState).toBe("closed");
    expect(participants.remote).toBeNull();
    expect(remotes.at(-1)).toBeUndefined();
  });

  it("say whether they wear a face, and are away for a while", () => {
    participants.begin([OTHER]);
    expect(participants.wearsFace("other")).toBe(false);
    participants.update("other", { state: { ...NOTHING, face: { kind: "synthetic" } } });
    participants.update("other", { present: false });
    participants.update("w1", { present: false });
    expect(participants.wearsFace("other")).toBe(true);
    expect(participants.remote).toMatchObject({ present: false, state: { face: { kind: "synthetic" } } });
    expect(remotes).toHaveLength(2);
  });

  it("know what is worn here from when they say so until another kind comes or they go", () => {
    participants.begin([OTHER]);
    participants.enter();
    participants.acknowledged("somebody else");
    expect(participants.remote).toMatchObject({ knows: false });
    participants.acknowledged("other");
    expect(participants.remote).toMatchObject({ knows: true });
    participants.forgetAcknowledgements();
    expect(participants.remote).toMatchObject({ knows: false });
    participants.acknowledged("other");
    participants.joined(OTHER);
    expect(participants.remote).toMatchObject({ knows: false });
  });

  it("say of a connection when it is described and when its state changes", async () => {
    participants.begin([{ ...OTHER, polite: true }]);
    participants.enter();
    expect(participants.connection("other")).toBe(FakeConnection.made[0]);
    expect(participants.connection("somebody else")).toBeNull();
    participants.receive(offer);
    await vi.advanceTimersByTimeAsync(10);
    expect(connections).toEqual(["other"]);
    FakeConnection.made[0]?.become("connected");
    expect(connections).toHaveLength(2);
  });

  it("are sent another sound without a new connection", async () => {
    participants.begin([OTHER]);
    participants.enter();
    participants.setVoice(asTrack(new FakeTrack("audio", "delayed")));
    await vi.advanceTimersByTimeAsync(10);
    expect(FakeConnection.made[0]?.senders.map(({ track }) => track?.label)).toEqual(["canvas", "delayed"]);
  });

  it("are reached with fresh credentials, and anew when the network changed", async () => {
    participants.begin([OTHER]);
    participants.enter();
    configuration = { iceServers: [{ urls: "turn:t", username: "later", credential: "c" }] };
    participants.renewCredentials();
    await vi.advanceTimersByTimeAsync(10);
    expect(FakeConnection.made[0]?.configuration).toBe(configuration);
    await FakeConnection.made[0]?.setRemoteDescription({ type: "answer", sdp: "" });
    participants.restartIce();
    expect(FakeConnection.made[0]?.iceRestarts).toBe(1);
  });

  it("are connected to anew when the signalling session began anew", () => {
    participants.begin([OTHER]);
    participants.enter();
    participants.begin([OTHER]);
    participants.connect();
    expect(FakeConnection.made.map(({ signalingState }) => signalingState === "closed")).toEqual([
      true,
      false,
    ]);
  });

  it("are not connected to after the end", () => {
    participants.begin([OTHER]);
    participants.close();
    participants.enter();
    participants.joined({ ...OTHER, id: "another" });
    expect(FakeConnection.made).toHaveLength(0);
  });
});
