// @vitest-environment node
import { describe, expect, it } from "vitest";
import { certificateOf, fingerprintOf } from "./fingerprint";

const HEX = Array(32).fill("0a").join(":");
const LINE = `a=fingerprint:sha-256 ${HEX}`;

describe("fingerprintOf", () => {
  it.each<[string, string[], string | null]>([
    ["none", [], null],
    ["one", [LINE], `sha-256 ${HEX.toUpperCase()}`],
    ["one for each section", [LINE, "m=video 9", LINE.replace("sha", "SHA")], `sha-256 ${HEX.toUpperCase()}`],
    ["two that differ", [LINE, LINE.replace("0a", "0b")], null],
    ["one and another nobody can read", [LINE, "A=Fingerprint:sha-256"], null],
  ])("finds %s", (_case, lines, expected) => {
    expect(fingerprintOf(["v=0", ...lines, ""].join("\r\n"))).toBe(expected);
    expect(fingerprintOf(["v=0", ...lines, ""].join("\r"))).toBe(expected);
  });
});

describe("certificateOf", () => {
  const certificate = { id: "c", type: "certificate", fingerprint: HEX, fingerprintAlgorithm: "sha-256" };
  const report = (...entries: { id: string; type: string }[]): RTCStatsReport =>
    new Map(entries.map((entry) => [entry.id, entry])) as unknown as RTCStatsReport;

  it("is the one that the transport has of the other side", () => {
    const own = { ...certificate, id: "own", fingerprint: "FF" };
    const transport = {
      id: "t",
      type: "transport",
      remoteCertificateId: "c",
      localCertificateId: "own",
    };
    expect(certificateOf(report(own, certificate, transport))).toBe(`sha-256 ${HEX.toUpperCase()}`);
  });

  it("is unknown where the browser does not tell", () => {
    expect(certificateOf(report({ id: "t", type: "transport" }, certificate))).toBeNull();
  });
});
