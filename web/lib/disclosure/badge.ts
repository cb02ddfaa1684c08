/**
 * The badge in a corner of every worn picture, found and read: a QR code that says `TALCHUM:` and the leg's tag.
 *
 * Its module is a 180th of the picture's shorter side (src/talchum/vision/badge.py); readers want three to four pixels of
 * it, so the corner is enlarged first.
 */

import { TAG } from "./statement";

/** Bottom left unless the operator chose another. */
export const CORNERS = ["bottom-left", "bottom-right", "top-left", "top-right"] as const;
export type Corner = (typeof CORNERS)[number];

export interface Cutout {
  x: number;
  y: number;
  /** Both sides of the square, in pixels of the picture. */
  side: number;
  /** How much larger it is to be drawn. */
  scale: number;
}

const PREFIX = "TALCHUM:";
const SHORT_SIDE_MODULES = 180;
/** The code and its quiet zone are 25 to 29 modules; the rest is for margins, and for rounding at small sizes. */
const SIDE_MODULES = 40;
/** From the right edge of a picture to the cutout's left one, where words stand behind the code. */
const RIGHT_MODULES = 64;
const READABLE_MODULE = 4;

/** Where the code of a badge in this corner is, in a picture of this size. */
export function badgeCutout(width: number, height: number, corner: Corner): Cutout {
  const module = Math.min(width, height) / SHORT_SIDE_MODULES;
  const side = Math.min(Math.ceil(SIDE_MODULES * Math.max(1, module)), width, height);
  return {
    x: corner.endsWith("left")
      ? 0
      : Math.max(0, Math.min(width - side, Math.floor(width - RIGHT_MODULES * module))),
    y: corner.startsWith("top") ? 0 : height - side,
    side,
    scale: Math.max(1, READABLE_MODULE / module),
  };
}

/** The tag in the badge of an enlarged corner (RGBA); null when none can be read. */
export async function readTag(
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
): Promise<string | null> {
  const { default: jsQR } = await import("jsqr"); // it is large, and only a call needs it
  return tagOf(jsQR(pixels, width, height, { inversionAttempts: "dontInvert" })?.data ?? "");
}

/** The tag in a badge's text; null for any other code's. */
export function tagOf(text: string): string | null {
  const tag = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
  return TAG.test(tag) ? tag : null;
}
