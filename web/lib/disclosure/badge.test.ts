// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { badgeCutout, CORNERS, type Corner, readTag, tagOf } from "./badge";

const badge: { text: string; rows: string[] } = JSON.parse(
  readFileSync(new URL("../../../tests/golden/badge.json", import.meta.url), "utf8"),
);
const TAG = "4G7ZQK2M";

interface Picture {
  width: number;
  height: number;
  grey(x: number, y: number): number;
}

/** A picture with the badge as src/talchum/vision/badge.py draws it; its pixels are cut by the edges of modules. */
function picture(width: number, height: number, corner: Corner): Picture {
  const module = Math.min(width, height) / 180;
  const [quiet, margin, across] = [2, 2, 56];
  const down = 21 + 2 * quiet;
  const left = (corner.endsWith("left") ? margin : width / module - across - margin) * module;
  const top = (corner.startsWith("top") ? margin : height / module - down - margin) * module;
  const point = (x: number, y: number): number => {
    const column = Math.floor((x - left) / module);
    const row = Math.floor((y - top) / module);
    if (column < 0 || row < 0 || column >= across || row >= down) return 60 + ((x * 7 + y * 13) % 90);
    return badge.rows[row - quiet]?.[column - quiet] === "#" ? 0 : 255;
  };
  const parts = [1 / 8, 3 / 8, 5 / 8, 7 / 8];
  return {
    width,
    height,
    grey: (x, y) =>
      parts.flatMap((u) => parts.map((v) => point(x + u, y + v))).reduce((sum, grey) => sum + grey) / 16,
  };
}

/** What a canvas does: cut the corner out and draw it larger, smoothly. */
function enlarged(source: Picture, corner: Corner): { pixels: Uint8ClampedArray; size: number } {
  const { x, y, side, scale } = badgeCutout(source.width, source.height, corner);
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
  ])("is read in every corner of a picture of %ix%i", async (width, height) => {
    for (const corner of CORNERS) {
      const { pixels, size } = enlarged(picture(width, height, corner), corner);
      expect(await readTag(pixels, size, size)).toBe(TAG);
    }
  });

  it("is looked for inside the picture, enlarged so that it can be read", () => {
    for (const [width, height] of [
      [1920, 1080],
      [320, 180],
      [64, 48],
      [2, 2],
    ] as const) {
      for (const corner of CORNERS) {
        const { x, y, side, scale } = badgeCutout(width, height, corner);
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x + side).toBeLessThanOrEqual(width);
        expect(y + side).toBeLessThanOrEqual(height);
        expect((Math.min(width, height) / 180) * scale).toBeGreaterThanOrEqual(4 - 1e-9);
      }
    }
  });

  it("is not seen where there is none", async () => {
    const plain = { width: 640, height: 480, grey: (x: number, y: number) => (x * y) % 251 };
    const { pixels, size } = enlarged(plain, "bottom-left");
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
