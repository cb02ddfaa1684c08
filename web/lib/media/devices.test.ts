import { afterEach, describe, expect, it, vi } from "vitest";
import { mediaFailure, missingSupport, openCamera } from "./devices";

afterEach(() => vi.unstubAllGlobals());

describe("mediaFailure", () => {
  it.each([
    ["NotAllowedError", "camera_denied", "microphone_denied"],
    ["NotFoundError", "no_camera", "no_microphone"],
    ["OverconstrainedError", "no_camera", "no_microphone"],
    ["NotReadableError", "camera_busy", "microphone_busy"],
  ])("turns %s into a plain reason", (name, camera, microphone) => {
    const error = new DOMException("x", name);
    expect([mediaFailure("video", error), mediaFailure("audio", error)]).toEqual([camera, microphone]);
  });
});

describe("missingSupport", () => {
  it("says first that the page is not secure: everything else follows from it", () => {
    vi.stubGlobal("isSecureContext", false);
    expect(missingSupport()).toBe("insecure_context");
  });

  it("says when the browser has no calls", () => {
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: vi.fn() } });
    expect(missingSupport()).toBe("unsupported");
  });
});

it("does not ask for a camera where there can be none", async () => {
  vi.stubGlobal("isSecureContext", false);
  await expect(openCamera({ deviceId: null, facingMode: "user" })).rejects.toMatchObject({
    code: "insecure_context",
  });
});
