import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Identity } from "@/lib/signalling/room-api";
import { drawing, FakeStream } from "@/testing/fake-media";
import { FakeSocket } from "@/testing/fake-socket";
import { CallPage } from "./call-page";
import { chooseFace } from "./chosen-face";

vi.mock("@/lib/media/card-track", async () => {
  const { CardTrack } = await import("@/lib/rtc/outgoing-video");
  return {
    CardPainter: class {
      readonly card = new CardTrack(drawing() as unknown as MediaStreamTrack);
      setText(): void {}
      setShown(): void {}
      stop(): void {}
    },
  };
});

const TICKET = { ticket: "t".repeat(20), expiresIn: 60, peer: "me", rejoin: "r".repeat(20) };

/** What somebody reads whose call cannot be: plain words, and something to do about it. */
describe("CallPage", () => {
  const tickets = vi.fn<() => Response>();
  let faces: Identity[];

  const open = async (hash: string): Promise<void> => {
    window.location.hash = hash;
    await act(async () => {
      render(<CallPage />);
    });
  };

  const welcome = async (): Promise<void> => {
    await act(async () => {
      FakeSocket.last.open();
      FakeSocket.last.say({
        type: "welcome",
        seq: 0,
        session: "s".repeat(20),
        peer: "me",
        role: "participant",
        peers: [],
        iceServers: [],
        iceServersExpireIn: 600,
        resumeWithin: 30,
      });
    });
  };

  const deny = (name: string): void => {
    const getUserMedia = async (): Promise<never> => {
      throw new DOMException("x", name);
    };
    Object.defineProperty(navigator, "mediaDevices", {
      configurable: true,
      value: {
        getUserMedia,
        enumerateDevices: async () => [],
        addEventListener() {},
        removeEventListener() {},
      },
    });
  };

  beforeEach(() => {
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("RTCPeerConnection", class {});
    vi.stubGlobal("MediaStream", FakeStream);
    vi.stubGlobal("WebSocket", FakeSocket);
    FakeSocket.opened = [];
    HTMLMediaElement.prototype.play = async () => undefined;
    Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
      configurable: true,
      writable: true,
      value: null,
    });
    tickets.mockReset().mockImplementation(() => Response.json(TICKET, { status: 201 }));
    vi.stubGlobal("fetch", async (path: string) =>
      path === "/api/identities" ? Response.json(faces) : tickets(),
    );
    deny("NotAllowedError");
    faces = [];
    sessionStorage.clear();
  });

  afterEach(() => {
    cleanup();
    window.location.hash = "";
  });

  it.each([
    ["room_full", 409, "full"],
    ["room_unknown", 404, "does not exist"],
  ])("says %s", async (code, status, words) => {
    tickets.mockImplementation(() => Response.json({ code, message: "x", retryable: false }, { status }));
    await open("#room");
    await waitFor(() => expect(screen.getByTestId("error-message").textContent).toContain(words));
    expect(screen.getByTestId("home")).toBeTruthy();
  });

  it("says that the link has no room in it", async () => {
    await open("");
    expect(screen.getByTestId("error-message").textContent).toContain("no room");
  });

  it.each([
    ["NotAllowedError", "camera is blocked"],
    ["NotFoundError", "No camera was found"],
    ["NotReadableError", "in use by another program"],
  ])("says %s in the lobby and offers to try again", async (name, words) => {
    deny(name);
    await open("#room");
    await waitFor(() => expect(screen.getByTestId("error-message").textContent).toContain(words));
    expect(screen.getByTestId("try-again")).toBeTruthy();
  });

  it("says that an insecure page gets no camera", async () => {
    vi.stubGlobal("isSecureContext", false);
    await open("#room");
    await waitFor(() => expect(screen.getByTestId("error-message").textContent).toContain("https"));
  });

  it("opens the lobby with a face on that was chosen before, and goes no further by itself", async () => {
    faces = [
      {
        name: "sora-2",
        title: { en: "Sora 2", ko: "소라 2" },
        description: { en: "x", ko: "x" },
        kind: "synthetic",
        engines: ["neural"],
        thumbnail: null,
        learned: true,
      },
    ];
    chooseFace(sessionStorage, "room", "sora-2");
    await open("#room");
    await waitFor(() => expect(FakeSocket.opened).toHaveLength(1));
    await welcome();
    await waitFor(() => expect(screen.getByTestId("face-sora-2").getAttribute("aria-pressed")).toBe("true"));
    expect(window.talchumStats?.().phase).toBe("lobby");
  });

  it("lets somebody without a camera in, and shows the link to send", async () => {
    await open("#room");
    await waitFor(() => expect(FakeSocket.opened).toHaveLength(1));
    await welcome();
    vi.stubGlobal(
      "AudioContext",
      class {
        state = "suspended";
        async resume(): Promise<void> {
          throw new DOMException("x", "NotAllowedError");
        }
        async close(): Promise<void> {}
        createDelay() {
          return { connect() {}, disconnect() {} };
        }
        createMediaStreamDestination() {
          return { stream: new FakeStream([drawing()]) };
        }
      },
    );
    Object.defineProperty(FakeStream.prototype, "getAudioTracks", {
      configurable: true,
      value: () => [drawing()],
    });
    await act(async () => {
      fireEvent.click(screen.getByTestId("enter-call"));
    });
    expect(screen.getByTestId("status-message").textContent).toContain("Waiting");
    expect(screen.getByTestId("copy-link")).toBeTruthy();
    expect(window.talchumStats?.().outgoing).toBe("card");
  });
});
