// @vitest-environment node
import { expect, it } from "vitest";
import type { LegReport } from "./leg-messages";
import { loopDelay, smoothed } from "./loop-delay";
import type { LinkFigures } from "./stats";

const figures = { sending: 0.005, roundTripTime: 0.02, receiving: 0.003 } as LinkFigures;
const report = {
  frameAge: { p50: 0.012, p95: 0.02 },
  codecTimes: { receiving: 0.004, sending: 0.006 },
} as LegReport;

it("adds up what both sides measure", () => {
  expect(loopDelay(figures, report)).toBeCloseTo(0.05);
});

it.each([
  ["our sender", { ...figures, sending: null }, report],
  ["the route", { ...figures, roundTripTime: null }, report],
  ["our receiver", { ...figures, receiving: null }, report],
  ["the pipeline", figures, { ...report, frameAge: null }],
  ["the worker's receiver", figures, { ...report, codecTimes: { receiving: null, sending: 0.006 } }],
  ["the worker's sender", figures, { ...report, codecTimes: { receiving: 0.004, sending: null } }],
])("says nothing while %s is unknown", (_part, ours, theirs) => {
  expect(loopDelay(ours as LinkFigures, theirs as LegReport)).toBeNull();
});

it("follows by halves, and keeps the last figure while there is no new one", () => {
  expect(smoothed(null, 0.06)).toBe(0.06);
  expect(smoothed(0.06, 0.04)).toBeCloseTo(0.05);
  expect(smoothed(0.05, null)).toBe(0.05);
  expect(smoothed(null, null)).toBeNull();
});
