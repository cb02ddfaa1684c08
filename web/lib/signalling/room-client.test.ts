import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ApiError } from "@/lib/call-server";
import { FakeSocket } from "@/testing/fake-socket";
import type { ServerMessage } from "./messages";
import { type PeerMessage, RoomClient, type SignallingState } from "./room-client";

const WELCOME: ServerMessage = {
  type: "welcome",
  seq: 0,
  session: "session-of-the-call",
  peer: "me",
  role: "participant",
  peers: [],
  iceServers: [],
  iceServersExpireIn: 600,
  resumeWithin: 30,
};

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

const TICKET = { ticket: "ticket-ticket-ticket", expiresIn: 60, peer: "me", rejoin: "secret-secret-secret" };

describe("RoomClient", () => {
  let states: SignallingState[];
  let messages: PeerMessage[];
  let welcomes: number;
  let refused: ApiError | null;
  const ask = vi.fn<typeof fetch>();

  const make = (): RoomClient =>
    new RoomClient({
      room: "room",
      socketUrl: "ws://localhost/ws",
      storage: sessionStorage,
      events: {
        onWelcome: () => {
          welcomes += 1;
        },
        onMessage: (message) => messages.push(message),
        onState: (state) => states.push(state),
        onRefused: (error) => {
          refused = error;
        },
      },
    });

  const joined = async (): Promise<RoomClient> => {
    const client = make();
    client.connect();
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    FakeSocket.last.say(WELCOME);
    return client;
  };

  const reconnected = async (): Promise<FakeSocket> => {
    await vi.advanceTimersByTimeAsync(6_000);
    FakeSocket.last.open();
    return FakeSocket.last;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("fetch", ask);
    ask.mockReset().mockImplementation(async () => answer(201, TICKET));
    FakeSocket.opened = [];
    FakeSocket.alive = true;
    sessionStorage.clear();
    states = [];
    messages = [];
    welcomes = 0;
    refused = null;
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("joins with the ticket it got and keeps the rejoin secret for a reload", async () => {
    await joined();
    expect(FakeSocket.last.sent[0]).toEqual({ type: "join", ticket: TICKET.ticket, seq: 0 });
    expect(states).toEqual(["open"]);
    await joined();
    expect(JSON.parse(String(ask.mock.calls[1]?.[1]?.body))).toEqual({ peer: "me", rejoin: TICKET.rejoin });
  });

  it("resumes on a new socket and sends again what was not acknowledged", async () => {
    const client = await joined();
    client.send({ type: "face-leg-release", request: "one" });
    client.send({ type: "face-leg-release", request: "two" });
    FakeSocket.last.say({ type: "peer-presence", peer: "p", present: false, seq: 3 });
    FakeSocket.last.close();
    client.send({ type: "face-leg-release", request: "three" });
    const socket = await reconnected();
    expect(socket.sent[0]).toMatchObject({ type: "resume", session: "session-of-the-call", lastSeq: 3 });
    socket.say({ type: "resumed", received: 1, seq: 0 });
    expect(socket.sentOf("face-leg-release").map(({ seq, request }) => [seq, request])).toEqual([
      [2, "two"],
      [3, "three"],
    ]);
    expect(states).toEqual(["open", "reconnecting", "open"]);
    expect(welcomes).toBe(1);
  });

  it("hands on each replayed message once", async () => {
    await joined();
    const message: ServerMessage = { type: "peer-left", peer: "p", reason: "left", seq: 1 };
    FakeSocket.last.say(message);
    FakeSocket.last.close();
    const socket = await reconnected();
    socket.say({ type: "resumed", received: 0, seq: 0 });
    socket.say(message);
    socket.say({ ...message, seq: 2 });
    expect(messages.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it("acknowledges what arrived, once for several", async () => {
    await joined();
    for (const seq of [1, 2, 3])
      FakeSocket.last.say({ type: "peer-presence", peer: "p", present: true, seq });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.last.sentOf("acknowledge")).toEqual([{ type: "acknowledge", lastSeq: 3, seq: 0 }]);
  });

  it("takes a socket that answers no ping for dead", async () => {
    FakeSocket.alive = false;
    await joined();
    const first = FakeSocket.last;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(first.sentOf("ping").length).toBeGreaterThan(0);
    expect(FakeSocket.opened.length).toBeGreaterThan(1);
    expect(states).toContain("reconnecting");
  });

  it("survives a message that does not decode", async () => {
    await joined();
    FakeSocket.last.onmessage?.({ data: "{" });
    FakeSocket.last.say({ type: "peer-presence", peer: "p", present: true, seq: 1 });
    expect(messages).toHaveLength(1);
    expect(states).toEqual(["open"]);
  });

  it("joins anew, with numbers from one, when the server forgot the session", async () => {
    const client = await joined();
    client.send({ type: "ice-servers-request" });
    FakeSocket.last.say({
      type: "error",
      code: "session_unknown",
      message: "x",
      retryable: false,
      fatal: true,
      about: 0,
      seq: 0,
    });
    const socket = await reconnected();
    expect(socket.sent[0]?.type).toBe("join");
    socket.say(WELCOME);
    client.send({ type: "ice-servers-request" });
    expect(socket.sentOf("ice-servers-request")).toEqual([{ type: "ice-servers-request", seq: 1 }]);
    expect(welcomes).toBe(2);
  });

  it.each([
    [409, "room_full"],
    [404, "room_unknown"],
  ])("says %s %s and gives up", async (status, code) => {
    ask.mockImplementation(async () => answer(status, { code, message: "x", retryable: false }));
    make().connect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(refused?.code).toBe(code);
    expect(FakeSocket.opened).toHaveLength(0);
  });

  it("keeps trying while the server cannot be reached", async () => {
    ask.mockRejectedValueOnce(new TypeError("failed to fetch"));
    make().connect();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.opened).toHaveLength(1);
    expect(refused).toBeNull();
  });

  it("leaves for good: no further socket, no secret kept", async () => {
    const client = await joined();
    client.leave();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.opened).toHaveLength(1);
    expect(FakeSocket.last.sentOf("leave")).toHaveLength(1);
    expect(sessionStorage.getItem("talchum:rejoin:room")).toBeNull();
  });
});
