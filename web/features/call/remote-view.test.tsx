import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot, RemoteSnapshot } from "@/lib/rtc/call-snapshot";
import { RemoteView, stageKey } from "./remote-view";

const remote = (change: Partial<RemoteSnapshot> = {}): RemoteSnapshot => ({
  peer: "p",
  state: { face: { kind: "synthetic" }, ownFace: false, camera: true, microphone: true },
  present: true,
  link: "connected",
  figures: null,
  video: null,
  voice: null,
  hasVideo: true,
  ...change,
});

const snapshot = (change: Partial<CallSnapshot>): CallSnapshot =>
  ({ signalling: "open", remote: null, departed: null, endedBy: null, ...change }) as CallSnapshot;

describe("RemoteView", () => {
  const play = vi.fn<() => Promise<void>>();
  const session = { meter: () => () => undefined } as unknown as CallSession;
  const show = (shown: CallSnapshot) =>
    act(async () => {
      render(<RemoteView session={session} snapshot={shown} speaker="" />);
    });

  beforeEach(() => {
    play.mockReset().mockResolvedValue();
    HTMLMediaElement.prototype.play = play;
    Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
      configurable: true,
      writable: true,
      value: null,
    });
  });
  afterEach(cleanup);

  it("discloses the face before there is a connection, let alone a frame", async () => {
    await show(snapshot({ remote: remote({ link: "connecting", hasVideo: false }) }));
    expect(screen.getByTestId("disclosure").textContent).toBe("AI-made face");
    expect(screen.getByTestId("remote-video").dataset.visible).toBe("false");
  });

  it("names a cover and an own face for what they are", async () => {
    const state = { face: { kind: "anonymise" as const }, ownFace: false, camera: true, microphone: true };
    await show(snapshot({ remote: remote({ state }) }));
    expect(screen.getByTestId("disclosure").textContent).toBe("Face covered by AI");
    cleanup();
    await show(snapshot({ remote: remote({ state: { ...state, face: null, ownFace: true } }) }));
    expect(screen.getByTestId("disclosure").textContent).toBe("Own face");
  });

  it("offers a tap where the browser blocks sound, and plays on it", async () => {
    play.mockRejectedValue(new DOMException("x", "NotAllowedError"));
    await show(snapshot({ remote: remote() }));
    const tap = screen.getByTestId("tap-to-play");
    play.mockResolvedValue();
    await act(async () => {
      fireEvent.click(tap);
    });
    expect(screen.queryByTestId("tap-to-play")).toBeNull();
  });
});

describe("stageKey", () => {
  it.each<[string, Partial<CallSnapshot>, string | null]>([
    ["nobody yet", {}, "call.waiting"],
    ["somebody left", { departed: "left" }, "call.remoteLeft"],
    ["somebody was lost", { departed: "lost" }, "call.remoteLost"],
    ["all is well", { remote: remote() }, null],
    [
      "the picture is off",
      { remote: remote({ state: { ...remote().state, camera: false } }) },
      "call.remoteCameraOff",
    ],
    ["connecting", { remote: remote({ link: "connecting" }) }, "call.connecting"],
    ["the route broke", { remote: remote({ link: "reconnecting" }) }, "call.reconnecting"],
    ["they are away", { remote: remote({ link: "reconnecting", present: false }) }, "call.remoteAway"],
    [
      "this side is offline",
      { signalling: "reconnecting", remote: remote({ link: "reconnecting" }) },
      "call.signallingLost",
    ],
    ["only this side's signalling is away", { signalling: "reconnecting", remote: remote() }, null],
  ])("%s", (_case, change, key) => {
    expect(stageKey(snapshot(change))).toBe(key);
  });

  it("tells somebody in the lobby from somebody who connects", () => {
    const state = { face: null, ownFace: false, camera: false, microphone: false };
    expect(stageKey(snapshot({ remote: remote({ link: "connecting", state }) }))).toBe("call.remoteLobby");
  });
});
