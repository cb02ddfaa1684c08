import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { CallSnapshot, RelaySnapshot } from "@/lib/rtc/call-snapshot";
import { NO_FACE } from "@/lib/rtc/leg-status";
import type { LinkFigures } from "@/lib/rtc/stats";
import { Figures } from "./figures";

const figures = (width: number): LinkFigures => ({
  route: "direct",
  path: "host",
  roundTripTime: 0.02,
  video: { framesPerSecond: 24, framesDecoded: 1, framesDropped: 0, width, height: 480 },
  voiceBuffer: null,
  sending: null,
  receiving: null,
  packetsLost: 0,
});

const show = (relay: Partial<RelaySnapshot> | null, face: object | null = { kind: "synthetic" }): void => {
  const remote = { state: { face }, figures: figures(640), relay };
  const snapshot = { remote, delayMs: 120, leg: NO_FACE, voiceDelayMs: 0 } as unknown as CallSnapshot;
  render(<Figures snapshot={snapshot} />);
};

describe("Figures", () => {
  afterEach(cleanup);

  it("says that a face comes from the other's device", () => {
    show(null);
    expect(screen.getByTestId("way-figure").textContent).toBe("their device");
    expect(screen.getByText(/^640×480/)).toBeTruthy();
    expect(screen.getByText("Picture and sound go straight from one of you to the other.")).toBeTruthy();
  });

  it("says that it comes from the face worker, and shows that picture's size", () => {
    show({ way: "server", figures: figures(320) });
    expect(screen.getByTestId("way-figure").dataset.way).toBe("server");
    expect(screen.getByText(/^320×480/)).toBeTruthy();
    expect(screen.getByText(/straight from the face worker/)).toBeTruthy();
  });

  it("shows the size of the picture that is shown while the worker's is not", () => {
    show({ way: "client", figures: figures(320) });
    expect(screen.getByText(/^640×480/)).toBeTruthy();
  });

  it("says nothing of ways where no face is worn", () => {
    show(null, null);
    expect(screen.queryByTestId("way-figure")).toBeNull();
  });
});
