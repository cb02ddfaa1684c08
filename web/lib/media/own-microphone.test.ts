import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeStream, FakeTrack } from "@/testing/fake-media";
import { OwnMicrophone } from "./own-microphone";

describe("OwnMicrophone", () => {
  let own: OwnMicrophone;
  let opened: FakeTrack[];
  let listening: MediaStreamTrack[];
  let settled: number;
  const getUserMedia = vi.fn();

  beforeEach(() => {
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("RTCPeerConnection", class {});
    opened = [];
    listening = [];
    settled = 0;
    getUserMedia.mockReset().mockImplementation(async () => {
      const track = new FakeTrack("audio", `microphone ${opened.length}`);
      opened.push(track);
      return new FakeStream([track]);
    });
    Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia } });
    own = new OwnMicrophone({
      onState: () => undefined,
      onTrack: (track) => listening.push(track),
      onSettled: () => {
        settled += 1;
      },
    });
  });

  it("stays muted when it was muted before there was one", async () => {
    own.turn(false);
    await own.open(null);
    expect(own.state).toMatchObject({ on: false, track: { enabled: false } });
    own.turn(true);
    expect(opened[0]?.enabled).toBe(true);
  });

  it("keeps the device open while it is muted", async () => {
    await own.open(null);
    own.turn(false);
    expect(opened[0]).toMatchObject({ enabled: false, readyState: "live" });
    expect(settled).toBe(2);
  });

  it("stops the old device once the chosen one listens", async () => {
    await own.open(null);
    await own.open("usb");
    expect(opened.map(({ readyState }) => readyState)).toEqual(["ended", "live"]);
    expect(listening.map(({ label }) => label)).toEqual(["microphone 0", "microphone 1"]);
  });

  it("keeps the old device when the chosen one cannot be opened", async () => {
    await own.open(null);
    getUserMedia.mockRejectedValueOnce(new DOMException("x", "NotReadableError"));
    await own.open("usb");
    expect(own.state).toMatchObject({
      on: true,
      track: { label: "microphone 0" },
      failure: "microphone_busy",
    });
    expect(opened[0]?.readyState).toBe("live");
  });

  it("is off where there is none, and asks again when it is turned on", async () => {
    getUserMedia.mockRejectedValueOnce(new DOMException("x", "NotAllowedError"));
    await own.open(null);
    expect(own.state).toMatchObject({ on: false, track: null, failure: "microphone_denied" });
    own.turn(true);
    await vi.waitFor(() => expect(own.state).toMatchObject({ on: true, failure: null }));
    expect(opened).toHaveLength(1);
  });

  it("listens to the one chosen last of two that open at once", async () => {
    let openSlowly = (): void => undefined;
    getUserMedia.mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          openSlowly = () => {
            const track = new FakeTrack("audio", "slow");
            opened.push(track);
            resolve(new FakeStream([track]));
          };
        }),
    );
    const slow = own.open("slow");
    await own.open("usb");
    openSlowly();
    await slow;
    expect(listening.map(({ label }) => label)).toEqual(["microphone 0"]);
    expect(opened.map(({ readyState }) => readyState)).toEqual(["live", "ended"]);
  });

  it("goes on with another one when it is pulled out", async () => {
    await own.open("usb");
    own.state.track?.onended?.(new Event("ended"));
    await vi.waitFor(() => expect(listening).toHaveLength(2));
    expect(own.state).toMatchObject({ on: true, track: { label: "microphone 1" }, failure: null });
  });

  it("is off when it is pulled out and there is no other one", async () => {
    await own.open("usb");
    getUserMedia.mockRejectedValueOnce(new DOMException("x", "NotFoundError"));
    own.state.track?.onended?.(new Event("ended"));
    await vi.waitFor(() => expect(own.state).toMatchObject({ on: false, track: null }));
    expect(own.state.failure).toBe("no_microphone");
  });

  it("leaves no device open that comes after the end", async () => {
    const opening = own.open(null);
    own.stop();
    await opening;
    expect(opened.map(({ readyState }) => readyState)).toEqual(["ended"]);
    expect(listening).toEqual([]);
  });
});
