import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SessionDescription } from "@/lib/signalling/messages";
import { FakeConnection } from "@/testing/fake-connection";
import { type LinkState, PeerLink, rtcConfiguration } from "./peer";

const OFFER: SessionDescription = { type: "offer", sdp: "theirs" };
const ANSWER: SessionDescription = { type: "answer", sdp: "theirs" };

describe("PeerLink", () => {
  let described: SessionDescription[];
  let states: LinkState[];

  const make = (polite: boolean): { link: PeerLink; connection: FakeConnection } => {
    const link = new PeerLink({}, polite, {
      sendDescription: (description) => described.push(description),
      sendCandidate: () => undefined,
      onState: (state) => states.push(state),
    });
    return { link, connection: link.connection as unknown as FakeConnection };
  };

  const offered = async (polite: boolean) => {
    const made = make(polite);
    made.link.connection.createDataChannel("x");
    await vi.advanceTimersByTimeAsync(0);
    return made;
  };

  const connected = async (polite: boolean) => {
    const made = await offered(polite);
    await made.link.handleDescription(ANSWER);
    made.connection.become("connected");
    return made;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    described = [];
    states = [];
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("offers when negotiation is needed", async () => {
    await offered(false);
    expect(described).toMatchObject([{ type: "offer" }]);
  });

  it("rolls back on glare when polite, and answers", async () => {
    const { link, connection } = await offered(true);
    await link.handleDescription(OFFER);
    expect(connection.rollbacks).toBe(1);
    expect(described.map(({ type }) => type)).toEqual(["offer", "answer"]);
  });

  it("ignores the other offer on glare when impolite, and its candidates", async () => {
    const { link, connection } = await offered(false);
    await link.handleDescription(OFFER);
    await link.handleCandidate({ candidate: "c", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: null });
    expect(connection.signalingState).toBe("have-local-offer");
    expect(described).toHaveLength(1);
    await link.handleDescription(ANSWER);
    expect(connection.signalingState).toBe("stable");
  });

  it("applies candidates after the description that came before them", async () => {
    const { link, connection } = make(true);
    const first = link.handleDescription(OFFER);
    const second = link.handleCandidate({
      candidate: "c",
      sdpMid: "0",
      sdpMLineIndex: 0,
      usernameFragment: null,
    });
    await Promise.all([first, second]);
    expect(connection.candidates).toHaveLength(1);
  });

  it("goes on after a description the browser refuses", async () => {
    const { link } = make(true);
    await expect(link.handleDescription(ANSWER)).rejects.toThrow("wrong state");
    await link.handleDescription(OFFER);
    expect(described.at(-1)?.type).toBe("answer");
  });

  it("holds its offer back until released", async () => {
    const { link } = make(true);
    link.hold();
    link.connection.createDataChannel("x");
    await vi.advanceTimersByTimeAsync(0);
    expect(described).toHaveLength(0);
    link.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(described).toMatchObject([{ type: "offer" }]);
  });

  it("restarts ICE when disconnected lasts, and not when it passes", async () => {
    const { connection } = await connected(false);
    connection.become("disconnected");
    await vi.advanceTimersByTimeAsync(500);
    connection.become("connected");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(connection.iceRestarts).toBe(0);
    connection.become("disconnected");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(connection.iceRestarts).toBe(1);
    expect(states.at(-1)).toBe("reconnecting");
  });

  it("restarts ICE at once when failed, and again while that does not help", async () => {
    const { connection } = await connected(false);
    connection.become("failed");
    await vi.advanceTimersByTimeAsync(10);
    expect(connection.iceRestarts).toBe(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(connection.iceRestarts).toBeGreaterThan(2);
  });

  it("does nothing any more once closed", async () => {
    const { link, connection } = await connected(false);
    connection.become("failed");
    link.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connection.iceRestarts).toBe(0);
    expect(states.at(-1)).toBe("closed");
  });
});

it("offers no empty credentials to the browser, and the relay alone when asked", () => {
  const servers = [
    { urls: ["stun:s"], username: "", credential: "" },
    { urls: ["turn:t"], username: "u", credential: "c" },
  ];
  expect(rtcConfiguration(servers).iceServers).toEqual([
    { urls: ["stun:s"] },
    { urls: ["turn:t"], username: "u", credential: "c" },
  ]);
  expect(rtcConfiguration(servers, true).iceTransportPolicy).toBe("relay");
});
