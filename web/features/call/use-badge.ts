"use client";

import { type RefObject, useEffect, useState } from "react";
import { badgeCutout, CORNERS, type Corner, readTag } from "@/lib/disclosure/badge";
import { type BadgeState, BadgeWatch } from "@/lib/disclosure/badge-watch";

const LOOK_EVERY_MS = 1_000;

/**
 * What the badge in the picture of a playing video says, looked at once a second; "unknown" while it is not shown.
 *
 * expected: tags of the disclosed legs, separated by spaces; null where there must be no badge.
 */
export function useBadge(
  video: RefObject<HTMLVideoElement | null>,
  shown: boolean,
  expected: string | null,
): BadgeState {
  const [state, setState] = useState<BadgeState>("unknown");
  useEffect(() => {
    if (!shown) return;
    const watch = new BadgeWatch();
    const eye = new BadgeReader();
    let lastTime = -1;
    const timer = setInterval(async () => {
      const element = video.current;
      // A picture that stands still says nothing new.
      if (element === null || element.videoWidth === 0 || element.currentTime === lastTime) return;
      lastTime = element.currentTime;
      const tag = await eye.read(element);
      setState(watch.look(tag, expected === null ? null : expected.split(" "), performance.now()));
    }, LOOK_EVERY_MS);
    return () => {
      clearInterval(timer);
      setState("unknown");
    };
  }, [video, shown, expected]);
  return state;
}

/** Reads the badge off a video, first in the corner where it was last. */
class BadgeReader {
  readonly #canvas = document.createElement("canvas");
  #corners: readonly Corner[] = CORNERS;

  async read(video: HTMLVideoElement): Promise<string | null> {
    for (const corner of this.#corners) {
      const tag = await this.#readIn(video, corner);
      if (tag === null) continue;
      this.#corners = [corner, ...CORNERS.filter((other) => other !== corner)];
      return tag;
    }
    return null;
  }

  #readIn(video: HTMLVideoElement, corner: Corner): Promise<string | null> {
    const { x, y, side, scale } = badgeCutout(video.videoWidth, video.videoHeight, corner);
    const enlarged = Math.round(side * scale);
    this.#canvas.width = enlarged;
    this.#canvas.height = enlarged;
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) return Promise.resolve(null);
    context.imageSmoothingQuality = "high";
    context.drawImage(video, x, y, side, side, 0, 0, enlarged, enlarged);
    return readTag(context.getImageData(0, 0, enlarged, enlarged).data, enlarged, enlarged);
  }
}
