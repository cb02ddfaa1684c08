// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IceServers } from "./ice-servers";

const TURN = { urls: ["turn:t"], username: "u", credential: "c" };
const STUN = { urls: ["stun:s"], username: "", credential: "" };

describe("IceServers", () => {
  let requests: number;
  let servers: IceServers;

  beforeEach(() => {
    vi.useFakeTimers();
    requests = 0;
    servers = new IceServers(() => {
      requests += 1;
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ["a minute before they end", 600, 540],
    ["half way where they last less than two minutes", 80, 40],
  ])("are asked for anew %s", (_when, expireIn, asked) => {
    servers.set([TURN], expireIn);
    vi.advanceTimersByTime(asked * 1000 - 1);
    expect(requests).toBe(0);
    vi.advanceTimersByTime(1);
    expect(requests).toBe(1);
  });

  it("are not asked for anew where nothing ends", () => {
    servers.set([STUN], 600);
    vi.advanceTimersByTime(1_000_000);
    expect(requests).toBe(0);
  });

  it("count from the newest ones, and no more after the end", () => {
    servers.set([TURN], 600);
    vi.advanceTimersByTime(500_000);
    servers.set([TURN], 600);
    vi.advanceTimersByTime(500_000);
    expect(requests).toBe(0);
    servers.stop();
    vi.advanceTimersByTime(500_000);
    expect(requests).toBe(0);
  });

  it("are what connections are made with, through the relay only where that is wanted", () => {
    expect(servers.configuration().iceServers).toEqual([]);
    servers.set([TURN], 600);
    expect(servers.configuration()).toMatchObject({ iceServers: [TURN], iceTransportPolicy: "all" });
    expect(servers.configuration(true).iceTransportPolicy).toBe("relay");
  });
});
