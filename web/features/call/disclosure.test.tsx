import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { BadgeState } from "@/lib/disclosure/badge-watch";
import type { RemoteSnapshot } from "@/lib/rtc/call-snapshot";
import { Disclosure } from "./disclosure";

describe("Disclosure", () => {
  const show = (badge: BadgeState, ownFace = false): void => {
    const face = ownFace ? null : { kind: "synthetic" };
    const remote = {
      state: { face, ownFace, camera: true },
      disclosed: { legs: [] },
    } as unknown as RemoteSnapshot;
    render(<Disclosure remote={remote} badge={badge} />);
  };
  afterEach(cleanup);

  it.each<BadgeState>(["unknown", "matches"])("says nothing more while the mark is %s", (badge) => {
    show(badge);
    expect(screen.getByTestId("disclosure").textContent).toBe("AI-made face");
    expect(screen.queryByTestId("badge-note")).toBeNull();
  });

  it("notes quietly that the mark was not read", () => {
    show("unread");
    expect(screen.getByTestId("badge-note").textContent).toBe("Mark not read");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("warns of another mark than was announced, and of one in an own face", () => {
    show("foreign");
    expect(screen.getByRole("alert").textContent).toContain("not the one that was announced");
    cleanup();
    show("foreign", true);
    expect(screen.getByRole("alert").textContent).toContain("carries the mark of an AI-made one");
  });
});
