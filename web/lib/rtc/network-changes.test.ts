import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followNetwork } from "./network-changes";

describe("followNetwork", () => {
  const onChanged = vi.fn();
  const onVisible = vi.fn();
  let connection: EventTarget & { type?: string };
  let stop: () => void;

  beforeEach(() => {
    onChanged.mockReset();
    onVisible.mockReset();
    connection = Object.assign(new EventTarget(), { type: "wifi" });
    Object.defineProperty(navigator, "connection", { configurable: true, value: connection });
    stop = followNetwork({ onChanged, onVisible });
  });

  afterEach(() => {
    stop();
    Reflect.deleteProperty(navigator, "connection");
  });

  it("tells when the machine is online again", () => {
    window.dispatchEvent(new Event("online"));
    expect(onChanged).toHaveBeenCalledTimes(1);
  });

  it("tells of another kind of network, not of another estimate", () => {
    connection.dispatchEvent(new Event("change"));
    expect(onChanged).not.toHaveBeenCalled();
    connection.type = "cellular";
    connection.dispatchEvent(new Event("change"));
    connection.dispatchEvent(new Event("change"));
    expect(onChanged).toHaveBeenCalledTimes(1);
  });

  it("tells when the page is looked at again, not when it is hidden", () => {
    const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(onVisible).not.toHaveBeenCalled();
    visibility.mockReturnValue("visible");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(onVisible).toHaveBeenCalledTimes(1);
  });

  it("tells nothing any more once stopped", () => {
    stop();
    connection.type = "cellular";
    connection.dispatchEvent(new Event("change"));
    window.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange"));
    expect(onChanged).not.toHaveBeenCalled();
    expect(onVisible).not.toHaveBeenCalled();
  });

  it("does without a browser that knows kinds of network", () => {
    stop();
    Reflect.deleteProperty(navigator, "connection");
    stop = followNetwork({ onChanged, onVisible });
    window.dispatchEvent(new Event("online"));
    expect(onChanged).toHaveBeenCalledTimes(1);
  });
});
