// @vitest-environment node
import { describe, expect, it } from "vitest";
import { LONGEST_DELAY_S, wantedDelay } from "./voice-delay";

describe("wantedDelay", () => {
  it("holds nothing back while the voice is early by less than 45 ms", () => {
    expect(wantedDelay({ loop: 0.06, video: 0.03, voice: 0.06 }, 0)).toBe(0);
  });

  it("holds the voice back by all of a noticeable lead", () => {
    expect(wantedDelay({ loop: 0.12, video: 0.03, voice: 0.06 }, 0)).toBeCloseTo(0.09);
  });

  it("does not waver around the threshold or for a few milliseconds", () => {
    expect(wantedDelay({ loop: 0.07, video: 0.03, voice: 0.06 }, 0.05)).toBe(0.05);
    expect(wantedDelay({ loop: 0.1, video: 0.03, voice: 0.06 }, 0.065)).toBe(0.065);
  });

  it("lets go when the face has become fast", () => {
    expect(wantedDelay({ loop: 0.03, video: 0.03, voice: 0.06 }, 0.09)).toBe(0);
  });

  it("never delays a conversation by more than a quarter of a second", () => {
    expect(wantedDelay({ loop: 3, video: 1, voice: 0.06 }, 0)).toBe(LONGEST_DELAY_S);
  });
});
