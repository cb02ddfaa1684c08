// @vitest-environment node
import { expect, it } from "vitest";
import { levelOf } from "./level-meter";

it("runs from silence to loud on a scale of decibels", () => {
  const tone = (amplitude: number) =>
    Float32Array.from({ length: 480 }, (_, i) => amplitude * Math.sin(i / 5));
  expect(levelOf(tone(0))).toBe(0);
  expect(levelOf(tone(0.01))).toBeGreaterThan(0.2);
  expect(levelOf(tone(0.1))).toBeGreaterThan(levelOf(tone(0.01)));
  expect(levelOf(tone(1))).toBe(1);
});
