// @vitest-environment node
import { describe, expect, it } from "vitest";
import { readFigures } from "./stats";

const report = (entries: Record<string, unknown>[]): RTCStatsReport =>
  new Map(entries.map((entry) => [entry.id as string, entry])) as unknown as RTCStatsReport;

const pair = {
  id: "p",
  type: "candidate-pair",
  localCandidateId: "l",
  remoteCandidateId: "r",
  currentRoundTripTime: 0.02,
};
const candidates = (local: string, remote: string) => [
  { id: "l", type: "local-candidate", candidateType: local, relayProtocol: "tcp" },
  { id: "r", type: "remote-candidate", candidateType: remote },
];

describe("readFigures", () => {
  it.each([
    ["host", "host", "direct", "host"],
    ["host", "srflx", "direct", "srflx"],
    ["prflx", "srflx", "direct", "prflx"],
    ["relay", "host", "relay", "relay-tcp"],
    ["prflx", "relay", "relay", "relay"],
  ])("calls %s to %s %s", (local, remote, route, path) => {
    const transport = { id: "t", type: "transport", selectedCandidatePairId: "p" };
    const figures = readFigures(report([transport, pair, ...candidates(local, remote)]), null);
    expect(figures).toMatchObject({ route, path, roundTripTime: 0.02 });
  });

  it("finds the pair in a browser without a transport entry", () => {
    const nominated = { ...pair, nominated: true, state: "succeeded" };
    expect(readFigures(report([nominated, ...candidates("host", "host")]), null).route).toBe("direct");
  });

  it("knows no route before there is one", () => {
    expect(readFigures(report([]), null)).toMatchObject({
      route: null,
      roundTripTime: null,
      voiceBuffer: null,
    });
  });

  it("takes the voice's buffer since the last figures", () => {
    const audio = (delay: number, count: number) =>
      report([
        {
          id: "a",
          type: "inbound-rtp",
          kind: "audio",
          jitterBufferDelay: delay,
          jitterBufferEmittedCount: count,
        },
      ]);
    expect(readFigures(audio(30, 300), audio(10, 100)).voiceBuffer).toBeCloseTo(0.1);
    expect(readFigures(audio(10, 100), audio(10, 100)).voiceBuffer).toBeNull();
  });

  it("takes the encoder's and the pacer's time since the last figures", () => {
    const video = (encode: number, frames: number, pacer: number, packets: number) =>
      report([
        {
          id: "v",
          type: "outbound-rtp",
          kind: "video",
          totalEncodeTime: encode,
          framesEncoded: frames,
          totalPacketSendDelay: pacer,
          packetsSent: packets,
        },
      ]);
    const before = video(1, 100, 2, 1_000);
    expect(readFigures(video(1.3, 130, 2.1, 1_100), before).sending).toBeCloseTo(0.011);
    expect(readFigures(before, before).sending).toBeNull();
  });

  it("takes the time to a decoded picture since the last figures", () => {
    const video = (seconds: number, framesDecoded: number) =>
      report([{ id: "v", type: "inbound-rtp", kind: "video", totalProcessingDelay: seconds, framesDecoded }]);
    expect(readFigures(video(1.5, 130), video(1, 100)).receiving).toBeCloseTo(0.5 / 30);
    expect(readFigures(video(1, 100), video(1, 100)).receiving).toBeNull();
    expect(readFigures(report([]), null).receiving).toBeNull();
  });
});
