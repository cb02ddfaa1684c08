// @vitest-environment node
import { expect, it } from "vitest";
import { timeLeft } from "./time-left";

it.each([
  [0, "seconds", 5],
  [12, "seconds", 15],
  [54, "seconds", 55],
  [58, "minutes", 1],
  [170, "minutes", 3],
  [5_300, "minutes", 88],
  [5_400, "hours", 2],
  [40_000, "hours", 11],
] as const)("%d s are said in %s", (seconds, unit, count) => {
  expect(timeLeft(seconds)).toEqual({ unit, count });
});
