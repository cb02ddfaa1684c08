import { beforeEach, describe, expect, it, vi } from "vitest";
import { camera, FakeStream, type FakeTrack } from "@/testing/fake-media";
import { OwnCamera } from "./own-camera";

describe("OwnCamera", () => {
  let own: OwnCamera;
  let opened: FakeTrack[];
  let seen: string[];
  const getUserMedia = vi.fn();

  beforeEach(() => {
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("RTCPeerConnection", class {});
    opened = [];
    seen = [];
    getUserMedia.mockReset().mockImplementation(async () => {
      const track = camera(`camera ${opened.length}`);
      opened.push(track);
      return new FakeStream([track]);
    });
    Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia } });
    own = new OwnCamera({
      onState: ({ on, track }) => seen.push(`${on ? "on" : "off"} ${track?.label ?? "-"}`),
      onTrack: (track) => seen.push(`films ${track?.label ?? "-"}`),
      onSettled: () => seen.push("settled"),
    });
  });

  it("is wanted on at once, and films when the device is there", async () => {
    await own.turn(true);
    expect(seen).toEqual(["on -", "on camera 0", "films camera 0", "settled"]);
  });

  it("opens no device when it was turned off before its turn came", async () => {
    void own.turn(true);
    await own.turn(false);
    expect(own.state).toMatchObject({ on: false, track: null });
    expect(opened).toHaveLength(0);
  });

  it("stays off when it was turned off while it opened", async () => {
    void own.turn(true);
    await vi.waitFor(() => expect(getUserMedia).toHaveBeenCalled());
    await own.turn(false);
    expect(own.state).toMatchObject({ on: false, track: null });
    expect(opened.map(({ readyState }) => readyState)).toEqual(["ended"]);
  });

  it("stops the device when it is turned off, after the picture has been taken away", async () => {
    await own.turn(true);
    seen = [];
    await own.turn(false);
    expect(seen).toEqual(["off camera 0", "films -", "off -", "settled"]);
    expect(opened[0]?.readyState).toBe("ended");
  });

  it("stops one camera before it opens the other", async () => {
    await own.turn(true);
    let before: string | undefined;
    getUserMedia.mockImplementationOnce(async () => {
      before = opened[0]?.readyState;
      return new FakeStream([camera("back")]);
    });
    await own.flip();
    expect(before).toBe("ended");
    expect(own.state).toMatchObject({ track: { label: "back" }, facingMode: "environment" });
    expect(getUserMedia.mock.lastCall?.[0].video).toMatchObject({ facingMode: { ideal: "environment" } });
  });

  it("opens the chosen camera, until the front or back one is asked for", async () => {
    await own.choose("usb");
    expect(getUserMedia.mock.lastCall?.[0].video).toMatchObject({ deviceId: { exact: "usb" } });
    await own.flip();
    expect(getUserMedia.mock.lastCall?.[0].video).not.toHaveProperty("deviceId");
  });

  it("says plainly why it cannot film, and films nothing", async () => {
    getUserMedia.mockRejectedValue(new DOMException("x", "NotAllowedError"));
    await own.turn(true);
    expect(own.state).toMatchObject({ on: false, track: null, failure: "camera_denied" });
    expect(seen).toContain("films -");
    getUserMedia.mockImplementation(async () => new FakeStream([camera()]));
    await own.turn(true);
    expect(own.state).toMatchObject({ on: true, failure: null });
  });

  it("is off when its device was pulled out", async () => {
    await own.turn(true);
    opened[0]?.onended?.();
    await vi.waitFor(() => expect(own.state).toMatchObject({ on: false, track: null }));
  });

  it("leaves no device open that comes after the end", async () => {
    const opening = own.turn(true);
    own.stop();
    await opening;
    expect(opened.map(({ readyState }) => readyState)).toEqual(["ended"]);
    expect(seen).not.toContain("films camera 0");
  });
});
