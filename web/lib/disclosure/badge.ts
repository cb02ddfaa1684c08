/**
 * The badge in a corner of every worn picture, found and read: a QR code that says `TALCHUM:` and the leg's tag.
 *
 * Its module is a 180th of the picture's shorter side (src/talchum/vision/badge.py); readers want three to four pixels of
 * it, so the corner is enlarged first.
 */

import { TAG } from "./statement";

export interface Corner {
  x: number;
  y: number;
  /** Both sides of the square, in pixels of the picture. */
  side: number;
  /** How much larger it is to be drawn. */
  scale: number;
}

const PREFIX = "TALCHUM:";
const ROWS_OF_ONE_PIXEL_MODULES = 180;
/** The code and its quiet zones are 29 modules; the rest is for margins, and for rounding at small sizes. */
const SIDE_MODULES = 40;
const READABLE_MODULE = 4;

/** Where the badge of a picture of this size is, bottom left. */
export function badgeCorner(width: number, height: number): Corner {
  const module = Math.min(width, height) / ROWS_OF_ONE_PIXEL_MODULES;
  const side = Math.min(Math.ceil(SIDE_MODULES * Math.max(1, module)), width, height);
  return { x: 0, y: height - side, side, scale: Math.max(1, READABLE_MODULE / module) };
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
