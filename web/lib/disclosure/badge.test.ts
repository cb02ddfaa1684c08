// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { badgeCorner, readTag, tagOf } from "./badge";

const badge: { text: string; rows: string[] } = JSON.parse(
  readFileSync(new URL("../../../tests/golden/badge.json", import.meta.url), "utf8"),
);
const TAG = "4G7ZQK2M";

interface Picture {
  width: number;
  height: number;
  grey(x: number, y: number): number;
}

/** A picture with the badge as a face worker draws it: quiet modules around the code, a margin to the corner. */
function picture(width: number, height: number, quiet: number, margin: number): Picture {
  const module = Math.max(1, Math.round(Math.min(width, height) / 180));
  const side = (21 + 2 * quiet) * module;
  const left = margin * module;
  const top = height - left - side;
  return {
    width,
    height,
    grey(x, y) {
      if (x < left || y < top || x >= left + side || y >= top + side) return 60 + ((x * 7 + y * 13) % 90);
      const column = Math.floor((x - left) / module) - quiet;
      const row = Math.floor((y - top) / module) - quiet;
      return badge.rows[row]?.[column] === "#" ? 0 : 255;
    },
  };
}

/** What a canvas does: cut the corner out and draw it larger, smoothly. */
function enlarged(source: Picture): { pixels: Uint8ClampedArray; size: number } {
  const { x, y, side, scale } = badgeCorner(source.width, source.height);
  const size = Math.round(side * scale);
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  const at = (u: number, v: number) =>
    source.grey(Math.min(Math.max(u, x), x + side - 1), Math.min(Math.max(v, y), y + side - 1));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const u = x + (column + 0.5) / scale - 0.5;
      const v = y + (row + 0.5) / scale - 0.5;
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const upper = at(left, top) * (1 - (u - left)) + at(left + 1, top) * (u - left);
      const lower = at(left, top + 1) * (1 - (u - left)) + at(left + 1, top + 1) * (u - left);
      pixels.fill(
        upper * (1 - (v - top)) + lower * (v - top),
        (row * size + column) * 4,
        (row * size + column) * 4 + 3,
      );
    }
  }
  return { pixels, size };
}

describe("a badge", () => {
  it.each([
    [1280, 720],
    [640, 480],
    [640, 360],
    [480, 640],
    [320, 180],
  ])("is read from a picture of %ix%i, whatever its quiet zone", async (width, height) => {
    for (const [quiet, margin] of [
      [4, 0],
      [4, 2],
      [2, 2],
    ] as const) {
      const { pixels, size } = enlarged(picture(width, height, quiet, margin));
      expect(await readTag(pixels, size, size)).toBe(TAG);
    }
  });

  it("lies in a corner that is inside the picture and large enough to read", () => {
    for (const [width, height] of [
      [1920, 1080],
      [320, 180],
      [64, 48],
      [2, 2],
    ] as const) {
      const { x, y, side, scale } = badgeCorner(width, height);
      expect(x + side).toBeLessThanOrEqual(width);
      expect(y + side).toBe(height);
      expect((Math.min(width, height) / 180) * scale).toBeGreaterThanOrEqual(4 - 1e-9);
    }
  });

  it("is not seen where there is none", async () => {
    const plain = { width: 640, height: 480, grey: (x: number, y: number) => (x * y) % 251 };
    const { pixels, size } = enlarged(plain);
    expect(await readTag(pixels, size, size)).toBeNull();
  });

  it.each([
    badge.text.slice(8),
    "TALCHUM:4g7zqk2m",
    "TALCHUM:4G7ZQK2MX",
    "https://example.org",
    "",
  ])("of the text %s says nothing", (text) => {
    expect(tagOf(text)).toBeNull();
  });
});
