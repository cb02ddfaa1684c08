// @vitest-environment node
import { expect, it } from "vitest";
import { decodeLegMessage } from "./leg-messages";

it("reads a report and drops what it does not know", () => {
  const text = JSON.stringify({
    type: "report",
    state: "card",
    reason: "no_face",
    framesIn: 30,
    framesOut: 29,
    framesDropped: 1,
    cardFrames: 2,
    stageTimes: { trackTime: 0.004, odd: "x" },
    frameAge: { p50: 0.02, p95: 0.03 },
    codecTimes: { receiving: 0.004, sending: null },
    fallback: true,
    future: true,
  });
  expect(decodeLegMessage(text)).toEqual({
    type: "report",
    state: "card",
    reason: "no_face",
    framesIn: 30,
    framesOut: 29,
    framesDropped: 1,
    cardFrames: 2,
    stageTimes: { trackTime: 0.004 },
    frameAge: { p50: 0.02, p95: 0.03 },
    codecTimes: { receiving: 0.004, sending: null },
    fallback: true,
  });
});

it.each([
  ["wearing", { type: "wearing", identity: "minji", engine: "portrait" }],
  ["refused", { type: "refused", code: "identity_unknown", message: "x" }],
])("reads %s", (_type, message) => {
  expect(decodeLegMessage(JSON.stringify(message))).toEqual(message);
});

it.each([
  ["{"],
  ["null"],
  ['{"type":"report","state":"dance"}'],
  ['{"type":"later"}'],
  [7],
  ["x".repeat(20_000)],
])("leaves %s alone", (data) => {
  expect(decodeLegMessage(data)).toBeNull();
});
