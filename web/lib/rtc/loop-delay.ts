/**
 * How long a frame takes from the camera to the face worker and back: the sum of what both sides of the leg measure.
 *
 * Neither RTP nor WebRTC statistics carry the time of a frame through a transforming peer, but each part of the way is
 * counted by somebody: our encoder and pacer, the round trip, the worker's receiver, pipeline (`frameAge`), encoder and
 * pacer, and our receiver.
 */

import type { LegReport } from "./leg-messages";
import type { LinkFigures } from "./stats";

/** Seconds over the last second; null while a part of it is unknown. */
export function loopDelay(figures: LinkFigures, report: LegReport): number | null {
  const parts = [
    figures.sending,
    figures.roundTripTime,
    report.codecTimes.receiving,
    report.frameAge?.p50 ?? null,
    report.codecTimes.sending,
    figures.receiving,
  ];
  const known = parts.filter((part) => part !== null);
  return known.length === parts.length ? known.reduce((sum, part) => sum + part, 0) : null;
}

/** The part of it that follows the worker's encoder: what a viewer at the worker itself does not wait for. */
export function returning({ roundTripTime, receiving }: LinkFigures): number | null {
  return roundTripTime === null || receiving === null ? null : roundTripTime / 2 + receiving;
}

/** Half old, half new: one odd second does not make the figure on the screen jump. */
export function smoothed(before: number | null, now: number | null): number | null {
  return before === null || now === null ? (now ?? before) : (before + now) / 2;
}
