import { beforeEach, describe, expect, it, vi } from "vitest";
import { RoomTickets } from "./room-tickets";

const TICKET = { ticket: "ticket-ticket-ticket", expiresIn: 60, peer: "me", rejoin: "secret-secret-secret" };
const KEY = "talchum:rejoin:room";

describe("RoomTickets", () => {
  const ask = vi.fn<typeof fetch>();
  const tickets = new RoomTickets("room", sessionStorage);
  const asked = (): unknown[] => ask.mock.calls.map(([, init]) => JSON.parse(String(init?.body)));
  const refuse = (status: number, code: string, retryable = false): void => {
    ask.mockImplementationOnce(async () => Response.json({ code, message: "x", retryable }, { status }));
  };

  beforeEach(() => {
    vi.stubGlobal("fetch", ask);
    ask.mockReset().mockImplementation(async () => Response.json(TICKET, { status: 201 }));
    sessionStorage.clear();
  });

  it("are asked for as the same peer after a reload", async () => {
    expect(await tickets.issue()).toBe(TICKET.ticket);
    await new RoomTickets("room", sessionStorage).issue();
    expect(asked()).toEqual([{}, { peer: "me", rejoin: TICKET.rejoin }]);
  });

  it("are asked for as somebody new when the server no longer knows the secret", async () => {
    sessionStorage.setItem(KEY, JSON.stringify({ peer: "old", rejoin: "gone" }));
    refuse(403, "rejoin_refused");
    expect(await tickets.issue()).toBe(TICKET.ticket);
    expect(asked()).toEqual([{ peer: "old", rejoin: "gone" }, {}]);
    expect(JSON.parse(sessionStorage.getItem(KEY) ?? "")).toEqual({ peer: "me", rejoin: TICKET.rejoin });
  });

  it.each([
    ["the room is full", 409, "room_full", false],
    ["there is no such room", 404, "room_unknown", false],
    ["the server is busy", 429, "rate_limited", true],
  ])("keep the secret when %s", async (_why, status, code, retryable) => {
    const saved = JSON.stringify({ peer: "me", rejoin: "secret" });
    sessionStorage.setItem(KEY, saved);
    refuse(status, code, retryable);
    await expect(tickets.issue()).rejects.toMatchObject({ code });
    expect(sessionStorage.getItem(KEY)).toBe(saved);
  });

  it.each(["{", "{}", '{"peer":1,"rejoin":"r"}'])("take %s for no secret", async (saved) => {
    sessionStorage.setItem(KEY, saved);
    await tickets.issue();
    expect(asked()).toEqual([{}]);
  });
});
