// @vitest-environment node
import { describe, expect, it } from "vitest";
import { asTrack, camera, FakeTrack } from "@/testing/fake-media";
import { announcedState, type CallSnapshot, CallSnapshots } from "./call-snapshot";
import { NO_FACE } from "./leg-status";

const track = asTrack(camera());
const microphone = asTrack(new FakeTrack("audio", "microphone"));

const inLobby = (): CallSnapshots =>
  new CallSnapshots({
    camera: { on: true, track, failure: null, facingMode: "user" },
    microphone: { on: true, track: microphone, failure: null },
    leg: NO_FACE,
    outgoing: { kind: "card", track },
  });

const changed = (change: Partial<CallSnapshot>): CallSnapshot => {
  const snapshots = inLobby();
  snapshots.change(change);
  return snapshots.current;
};

describe("CallSnapshots", () => {
  it("begin in the lobby, with nobody else there", () => {
    expect(inLobby().current).toMatchObject({ phase: "lobby", remote: null, departed: null, choice: null });
  });

  it("replace the snapshot and tell of it, until nobody listens", () => {
    const snapshots = inLobby();
    const first = snapshots.current;
    let told = 0;
    const stop = snapshots.subscribe(() => {
      told += 1;
    });
    snapshots.change({ phase: "call" });
    expect(snapshots.current).toEqual({ ...first, phase: "call" });
    expect(first.phase).toBe("lobby");
    stop();
    snapshots.change({ phase: "left" });
    expect(told).toBe(1);
  });
});

describe("what others are told", () => {
  const face = { kind: "face", identity: "minji", faceKind: "synthetic" } as const;

  it("is nothing while still in the lobby", () => {
    expect(announcedState(changed({ choice: face }))).toEqual({
      face: null,
      ownFace: false,
      camera: false,
      microphone: false,
    });
  });

  it("is the kind of the face, never its name", () => {
    expect(announcedState(changed({ phase: "call", choice: face }))).toEqual({
      face: { kind: "synthetic" },
      ownFace: false,
      camera: true,
      microphone: true,
    });
  });

  it("is that it is the own face", () => {
    const told = announcedState(changed({ phase: "call", choice: { kind: "own-face" } }));
    expect(told).toMatchObject({ face: null, ownFace: true });
  });

  it("is that there is no microphone while none is open, wanted or not", () => {
    const closed = changed({ phase: "call", microphone: { on: true, track: null, failure: null } });
    const muted = changed({ phase: "call", microphone: { on: false, track: microphone, failure: null } });
    expect(announcedState(closed).microphone).toBe(false);
    expect(announcedState(muted).microphone).toBe(false);
  });
});
