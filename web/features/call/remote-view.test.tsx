import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Disclosed } from "@/lib/disclosure/disclosures";
import type { Gate } from "@/lib/disclosure/gate";
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
  relay: null,
  voice: null,
  hasVideo: true,
  disclosed: { gate: { state: "open" }, legs: [], tags: [] },
  knows: false,
  ...change,
});

const snapshot = (change: Partial<CallSnapshot>): CallSnapshot =>
  ({ signalling: "open", remote: null, departed: null, endedBy: null, ...change }) as CallSnapshot;

describe("RemoteView", () => {
  const play = vi.fn<() => Promise<void>>();
  const acknowledge = vi.fn();
  const session = { meter: () => () => undefined, acknowledge } as unknown as CallSession;
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

  const gated = (gate: Gate) => snapshot({ remote: remote({ disclosed: { gate, legs: [], tags: [] } }) });
  const video = () => screen.getByTestId("remote-video") as HTMLVideoElement;

  it("asks in place of the picture, says of which kind it is, and hands the answer on", async () => {
    await show(gated({ state: "ask", kinds: ["anonymise"] }));
    expect(video().srcObject).toBeNull();
    expect(video().dataset.visible).toBe("false");
    const text = screen.getByTestId("disclosure-gate").textContent;
    expect(text).toContain("The face you are about to see is made by AI");
    expect(text).toContain("AI covers the face of the person in front of the camera.");
    expect(text).toContain("The voice you hear is their own.");
    fireEvent.click(screen.getByTestId("show-picture"));
    expect(acknowledge).toHaveBeenCalledWith("p");
  });

  it.each<Gate>([
    { state: "failed", reason: "unverified" },
    { state: "failed", reason: "misplaced" },
    { state: "failed", reason: "keys_unavailable" },
    { state: "waiting" },
    { state: "undeclared" },
  ])("shows no picture and no way to it while the gate is $state $reason", async (gate) => {
    await show(gated(gate));
    expect(video().srcObject).toBeNull();
    expect(screen.getByTestId("disclosure-gate").dataset.gate).toBe(gate.state);
    expect(screen.queryByTestId("show-picture")).toBeNull();
    expect(screen.getByTestId("disclosure").textContent).toBe("AI-made face");
  });

  it("puts the picture on the screen once the gate is open, and takes it off when it closes", async () => {
    const stream = {} as MediaStream;
    const shown = (gate: Gate) =>
      snapshot({ remote: remote({ video: stream, disclosed: { gate, legs: [], tags: [] } }) });
    let view: ReturnType<typeof render> | undefined;
    await act(async () => {
      view = render(<RemoteView session={session} snapshot={shown({ state: "open" })} speaker="" />);
    });
    expect(video().srcObject).toBe(stream);
    expect(screen.queryByTestId("disclosure-gate")).toBeNull();
    await act(async () => {
      view?.rerender(<RemoteView session={session} snapshot={shown({ state: "waiting" })} speaker="" />);
    });
    expect(video().srcObject).toBeNull();
  });

  it("shows the picture by the way that was chosen, and of the worker's only what is disclosed for itself", async () => {
    const client = {} as MediaStream;
    const server = {} as MediaStream;
    const open = { gate: { state: "open" }, legs: [], tags: [] } as const;
    const shown = (change: object, gate: Disclosed = open) =>
      snapshot({
        remote: remote({
          video: client,
          disclosed: gate,
          relay: { way: "client", video: server, mayShow: true, figures: null, ...change },
        }),
      });
    const by = (way: string) => document.querySelector(`video[data-way=${way}]`) as HTMLVideoElement;
    const visible = () => ["client", "server"].map((way) => by(way)?.dataset.visible);
    let view: ReturnType<typeof render> | undefined;
    const see = async (change: object, gate?: Disclosed) =>
      act(async () => {
        const page = <RemoteView session={session} snapshot={shown(change, gate)} speaker="" />;
        if (view === undefined) view = render(page);
        else view.rerender(page);
      });
    await see({});
    expect([by("client").srcObject, by("server").srcObject]).toEqual([client, server]);
    expect(visible()).toEqual(["true", "false"]);
    await see({ way: "server" });
    expect(visible()).toEqual(["false", "true"]);
    expect(video()).toBe(by("server"));
    await see({ way: "client", mayShow: false });
    expect(by("server").srcObject).toBeNull();
    expect(visible()).toEqual(["true", "false"]);
    await see({ way: "server" }, { gate: { state: "waiting" }, legs: [], tags: [] });
    expect([by("client").srcObject, by("server").srcObject]).toEqual([null, null]);
    expect(visible()).toEqual(["false", "false"]);
  });

  it("asks nothing while their camera is off", async () => {
    const state = { ...remote().state, camera: false };
    const disclosed: Disclosed = { gate: { state: "ask", kinds: ["synthetic"] }, legs: [], tags: [] };
    await show(snapshot({ remote: remote({ state, disclosed }) }));
    expect(screen.queryByTestId("disclosure-gate")).toBeNull();
  });

  it("names the kinds that are signed, whatever the performer says", async () => {
    const legs = [
      { tag: "4G7ZQK2M", kind: "anonymise", engine: "veil" },
      { tag: "00000001", kind: "anonymise", engine: "veil" },
    ] as const;
    await show(snapshot({ remote: remote({ disclosed: { gate: { state: "open" }, legs, tags: [] } }) }));
    expect(screen.getByTestId("disclosure").textContent).toBe("Face covered by AI");
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
