// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Disclosures } from "@/lib/disclosure/disclosures";
import type { Peer } from "@/lib/signalling/messages";
import type { FaceLegKeeper } from "./face-leg-keeper";
import type { IceServers } from "./ice-servers";
import type { LegOpener } from "./leg-opener";
import { type CallParts, routeMessage } from "./message-routing";
import type { Participants } from "./participants";
import type { PictureWays } from "./picture-ways";
import type { Recording } from "./recording";

const OTHER: Peer = {
  id: "other",
  role: "participant",
  polite: false,
  state: { face: null, ownFace: false, camera: false, microphone: false },
  faceLeg: null,
  present: true,
};

describe("routeMessage", () => {
  const keeper = {
    workerJoined: vi.fn(),
    workerLost: vi.fn(),
    workerPresence: vi.fn(),
    description: vi.fn(),
    candidate: vi.fn(),
    renewCredentials: vi.fn(),
  };
  const participants = {
    joined: vi.fn(),
    left: vi.fn(),
    update: vi.fn(),
    receive: vi.fn(),
    acknowledged: vi.fn(),
    renewCredentials: vi.fn(),
  };
  const ways = { joined: vi.fn(), left: vi.fn(), receive: vi.fn(), renewCredentials: vi.fn() };
  const opener = { refused: vi.fn() };
  const disclosures = { receive: vi.fn() };
  const recording = {
    handle: vi.fn(),
    joined: vi.fn(),
    left: vi.fn(),
    receive: vi.fn(),
    refused: vi.fn(),
    renewCredentials: vi.fn(),
  };
  const iceServers = { set: vi.fn() };
  const onDeparted = vi.fn();
  const parts: CallParts = {
    keeper: keeper as unknown as FaceLegKeeper,
    participants: participants as unknown as Participants,
    recording: recording as unknown as Recording,
    iceServers: iceServers as unknown as IceServers,
    disclosures: disclosures as unknown as Disclosures,
    ways: ways as unknown as PictureWays,
    opener: opener as unknown as LegOpener,
    onDeparted,
  };

  beforeEach(() => {
    vi.resetAllMocks();
    recording.receive.mockReturnValue(null);
    ways.receive.mockReturnValue(null);
  });

  it("tells what a participant wears from what they know", () => {
    routeMessage({ type: "disclosure", seq: 1, from: "other", statement: "a.b.c" }, parts);
    expect(disclosures.receive).toHaveBeenCalledWith("other", "a.b.c");
    routeMessage({ type: "disclosure-acknowledged", seq: 2, from: "other", tags: ["4G7ZQK2M"] }, parts);
    expect(participants.acknowledged).toHaveBeenCalledWith("other");
  });

  it("takes a face worker for no participant", () => {
    const worker: Peer = { ...OTHER, id: "w1", role: "face-worker" };
    routeMessage({ type: "peer-joined", seq: 1, peer: worker }, parts);
    expect(keeper.workerJoined).toHaveBeenCalledWith(worker);
    expect(participants.joined).not.toHaveBeenCalled();
    routeMessage({ type: "peer-joined", seq: 2, peer: OTHER }, parts);
    expect(participants.joined).toHaveBeenCalledWith(OTHER);
    expect(onDeparted).toHaveBeenCalledWith(null);
  });

  it("takes a worker that another performer opened for no leg of this one", () => {
    const worker: Peer = { ...OTHER, id: "w1", role: "face-worker", performer: "other" };
    routeMessage({ type: "peer-joined", seq: 1, peer: worker }, parts);
    expect(ways.joined).toHaveBeenCalledWith(worker, "other");
    expect(keeper.workerJoined).not.toHaveBeenCalled();
    keeper.description.mockReturnValue(null);
    ways.receive.mockReturnValueOnce(Promise.resolve());
    const answer = {
      type: "description",
      seq: 2,
      from: "w1",
      description: { type: "answer", sdp: "" },
    } as const;
    routeMessage(answer, parts);
    expect(participants.receive).not.toHaveBeenCalled();
    routeMessage({ type: "peer-left", seq: 3, peer: "w1", reason: "ended" }, parts);
    expect(ways.left).toHaveBeenCalledWith("w1");
  });

  it("tells who opens legs that one was refused, and of nothing else", () => {
    const error = { type: "error", seq: 0, message: "", retryable: true, fatal: false, about: 4 } as const;
    routeMessage({ ...error, code: "rate_limited" }, parts);
    expect(opener.refused).not.toHaveBeenCalled();
    routeMessage({ ...error, code: "face_leg_unworn" }, parts);
    expect(opener.refused).toHaveBeenCalledOnce();
  });

  it("takes a recorder for neither, and brings it what it says and what is said of it", () => {
    const recorder: Peer = { ...OTHER, id: "r1", role: "recorder" };
    routeMessage({ type: "peer-joined", seq: 1, peer: recorder }, parts);
    expect(recording.joined).toHaveBeenCalledWith(recorder);
    expect(participants.joined).not.toHaveBeenCalled();
    keeper.description.mockReturnValue(null);
    recording.receive.mockReturnValueOnce(Promise.resolve()).mockReturnValueOnce(null);
    const answer = {
      type: "description",
      seq: 2,
      from: "r1",
      description: { type: "answer", sdp: "" },
    } as const;
    routeMessage(answer, parts);
    expect(participants.receive).not.toHaveBeenCalled();
    routeMessage({ ...answer, from: "p" }, parts);
    expect(participants.receive).toHaveBeenCalledOnce();
    routeMessage({ type: "peer-left", seq: 3, peer: "r1", reason: "ended" }, parts);
    expect(recording.left).toHaveBeenCalledWith("r1");
  });

  it("tells the recording what the call server did not take", () => {
    const error = { type: "error", seq: 0, message: "", retryable: true, fatal: false, about: 4 } as const;
    routeMessage({ ...error, code: "recording_paused" }, parts);
    expect(recording.refused).toHaveBeenCalledExactlyOnceWith("recording_paused");
  });

  it.each([
    ["a participant who left", true, "left", 1],
    ["no participant who comes back in another tab", true, "replaced", 0],
    ["no face worker", false, "left", 0],
  ] as const)("calls departed %s", (_who, participant, reason, times) => {
    participants.left.mockReturnValue(participant);
    routeMessage({ type: "peer-left", seq: 1, peer: "p", reason }, parts);
    expect(keeper.workerLost).toHaveBeenCalledWith("p");
    expect(onDeparted).toHaveBeenCalledTimes(times);
  });

  it("brings a worker's answer to its leg and everything else to the participants", () => {
    const answer = {
      type: "description",
      seq: 1,
      from: "w1",
      description: { type: "answer", sdp: "" },
    } as const;
    keeper.description.mockReturnValueOnce(Promise.resolve()).mockReturnValueOnce(null);
    routeMessage(answer, parts);
    expect(participants.receive).not.toHaveBeenCalled();
    routeMessage({ ...answer, from: "other" }, parts);
    expect(participants.receive).toHaveBeenCalledWith({ ...answer, from: "other" });
  });

  it("survives an answer that the browser refuses", async () => {
    const refusing = { description: async () => Promise.reject(new DOMException("x", "InvalidStateError")) };
    const answer = {
      type: "description",
      seq: 1,
      from: "w1",
      description: { type: "answer", sdp: "" },
    } as const;
    routeMessage(answer, { ...parts, keeper: refusing as unknown as FaceLegKeeper });
    await new Promise((resolve) => setTimeout(resolve)); // an unhandled rejection fails the run
  });

  it("takes fresh ICE servers before every connection gets them", () => {
    routeMessage({ type: "ice-servers", seq: 1, iceServers: [], expireIn: 600 }, parts);
    const [taken, ...given] = [iceServers.set, participants.renewCredentials, keeper.renewCredentials].map(
      (mock) => mock.mock.invocationCallOrder[0] ?? 0,
    );
    for (const order of given) expect(order).toBeGreaterThan(taken ?? Infinity);
  });
});
