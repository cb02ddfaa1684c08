// @vitest-environment node
import { describe, expect, it } from "vitest";
import { matchDelay, median, PICTURE_HEIGHT, PICTURE_WIDTH, type Picture } from "./loop-delay";

/** A bright blob that wanders, before a background; `face` adds what only one side has. */
function scene(at: number, seen: number, face: number, moving = true): Picture {
  const grey = new Float32Array(PICTURE_WIDTH * PICTURE_HEIGHT);
  const x = moving ? 16 + 7 * Math.sin(seen / 170) + 2 * Math.sin(seen / 61) : 16;
  const y = moving ? 12 + 3 * Math.cos(seen / 230) : 12;
  for (let row = 0; row < PICTURE_HEIGHT; row += 1) {
    for (let column = 0; column < PICTURE_WIDTH; column += 1) {
      const distance = Math.hypot(column - x, row - y);
      const noise = ((row * 31 + column * 17 + Math.round(at)) % 5) - 2;
      const swapped = row > 8 && row < 16 && column > 12 && column < 20 ? face : 0;
      grey[row * PICTURE_WIDTH + column] = 90 + 90 * Math.exp(-(distance ** 2) / 18) + swapped + noise * 0.3;
    }
  }
  return { at, grey };
}

function burst(delay: number, { moving = true, dropEvery = 0 } = {}): [Picture[], Picture[]] {
  const times = Array.from({ length: 30 }, (_, index) => 1_000 + index * 33.3);
  const captured = times.map((at) => scene(at, at, 0, moving));
  const returned = times
    .filter((_, index) => dropEvery === 0 || index % dropEvery !== 0)
    .map((at, index) => scene(at + delay + (index % 3) * 2, at, 40, moving));
  return [captured, returned];
}

describe("matchDelay", () => {
  it.each([20, 61, 97, 150, 240, 400])("finds %i ms although the face was exchanged", (delay) => {
    const found = matchDelay(...burst(delay));
    expect(found).not.toBeNull();
    expect(Math.abs((found ?? 0) - delay)).toBeLessThan(15);
  });

  it("finds it when the worker drops frames", () => {
    expect(Math.abs((matchDelay(...burst(90, { dropEvery: 3 })) ?? 0) - 90)).toBeLessThan(15);
  });

  it("says nothing about a scene that does not move", () => {
    expect(matchDelay(...burst(90, { moving: false }))).toBeNull();
  });

  it("says nothing when what came back is something else", () => {
    const [captured] = burst(90);
    const card = captured.map(({ at }) => scene(at, 0, 40, false));
    expect(matchDelay(captured, card)).toBeNull();
  });

  it("says nothing about a handful of pictures", () => {
    const [captured, returned] = burst(90);
    expect(matchDelay(captured.slice(0, 4), returned)).toBeNull();
  });
});

it("takes the middle of an even number of values", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
});
