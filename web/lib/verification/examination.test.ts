import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/call-server";
import { FakeVerifications, report, verification } from "@/testing/verification";
import { Examination, LOOK_MS, type Progress } from "./examination";

const VIDEO = new File(["a video"], "holiday.mp4");

describe("Examination", () => {
  let server: FakeVerifications;
  let examination: Examination;
  let said: Progress[];

  beforeEach(() => {
    vi.useFakeTimers();
    server = new FakeVerifications();
    examination = new Examination(server);
    said = [];
    examination.subscribe(() => said.push(examination.current));
  });
  afterEach(() => vi.useRealTimers());

  const settle = async (looks = 1): Promise<void> => {
    await vi.advanceTimersByTimeAsync(LOOK_MS * looks);
  };

  it("sends a video, says how far it is, and brings the report", async () => {
    server.looks = [
      verification({ doing: "reading", share: 0.5 }),
      verification({ doing: "searching", share: 0.1 }),
      verification({ state: "succeeded", report: report() }),
    ];
    const done = examination.start(VIDEO);
    await settle(3);
    await done;
    expect(said).toEqual([
      { phase: "sending", name: "holiday.mp4", share: 0 },
      { phase: "sending", name: "holiday.mp4", share: 0.25 },
      { phase: "examining", name: "holiday.mp4", doing: "", share: 0 },
      { phase: "examining", name: "holiday.mp4", doing: "reading", share: 0.5 },
      { phase: "examining", name: "holiday.mp4", doing: "searching", share: 0.1 },
      { phase: "done", name: "holiday.mp4", report: report() },
    ]);
  });

  it("tells the server the size of the video and nothing else, and has it forget the report", async () => {
    const done = examination.start(VIDEO);
    await settle();
    await done;
    expect(server.asked).toEqual(["reserve 7", "send v1", "look v1", "forget v1"]);
    expect(server.asked.join()).not.toContain("holiday");
  });

  it("says why there is no place, and whether another try may help", async () => {
    server.refusal = new ApiError("verifications_busy", "x", true);
    await examination.start(VIDEO);
    expect(examination.current).toEqual({
      phase: "failed",
      name: "holiday.mp4",
      code: "verifications_busy",
      retryable: true,
    });
    expect(server.asked).toEqual(["reserve 7"]);
  });

  it("asks why, when the server hangs up on a file", async () => {
    server.sending = new ApiError("unreachable", "x", true);
    const error = { code: "file_too_large", message: "x", retryable: false };
    server.looks = [verification({ state: "failed", error })];
    await examination.start(VIDEO);
    expect(examination.current).toMatchObject({ code: "file_too_large", retryable: false });
  });

  it("says that the server is away when it does not say why either", async () => {
    server.sending = new ApiError("unreachable", "x", true);
    server.looks = [new ApiError("unreachable", "x", true)];
    await examination.start(VIDEO);
    expect(examination.current).toMatchObject({ code: "unreachable", retryable: true });
  });

  it("says why an examination failed", async () => {
    const error = { code: "media_file_unreadable", message: "x", retryable: false };
    server.looks = [verification(), verification({ state: "failed", error })];
    const done = examination.start(VIDEO);
    await settle(2);
    await done;
    expect(examination.current).toMatchObject({ phase: "failed", code: "media_file_unreadable" });
  });

  it("bears some looks that find the server away", async () => {
    const away = new ApiError("unreachable", "x", true);
    server.looks = [away, away, away, verification({ state: "succeeded", report: report() })];
    const done = examination.start(VIDEO);
    await settle(4);
    await done;
    expect(examination.current.phase).toBe("done");
  });

  it("gives up a server that stays away", async () => {
    server.looks = [new ApiError("unreachable", "x", true)];
    const done = examination.start(VIDEO);
    await settle(20);
    await done;
    expect(examination.current).toMatchObject({ phase: "failed", code: "unreachable" });
    expect(server.asked.at(-1)).toBe("forget v1");
  });

  it("ends at once when it is cancelled while the video is sent", async () => {
    server.arrived = new Promise(() => undefined);
    const done = examination.start(VIDEO);
    await settle();
    examination.cancel();
    await done;
    expect(examination.current).toEqual({ phase: "idle" });
    expect(server.asked).toEqual(["reserve 7", "send v1", "forget v1"]);
  });

  it("ends at once when it is cancelled while the video is examined", async () => {
    server.looks = [verification()];
    const done = examination.start(VIDEO);
    await settle(2);
    examination.cancel();
    await done;
    await settle(5);
    expect(examination.current).toEqual({ phase: "idle" });
    expect(server.asked.filter((ask) => ask.startsWith("forget"))).toHaveLength(1);
    expect(server.asked.at(-1)).toBe("forget v1");
  });

  it("gives a place back that comes after it was cancelled", async () => {
    const done = examination.start(VIDEO);
    examination.cancel();
    await done;
    expect(server.asked).toEqual(["reserve 7", "forget v1"]);
    expect(examination.current).toEqual({ phase: "idle" });
  });

  it("shows only the newest of two videos", async () => {
    server.looks = [verification()];
    const first = examination.start(VIDEO);
    await settle(2);
    server.looks = [verification({ state: "succeeded", report: report({ verdict: "not-detected" }) })];
    const second = examination.start(new File(["another"], "other.mp4"));
    await settle(2);
    await Promise.all([first, second]);
    expect(examination.current).toMatchObject({ phase: "done", name: "other.mp4" });
  });
});
