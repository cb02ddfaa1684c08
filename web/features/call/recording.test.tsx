import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CallSession } from "@/lib/rtc/call-session";
import type { RecordingStatus } from "@/lib/rtc/recording";
import { supportDialogs } from "@/testing/dialog";
import { Recording } from "./recording";

const status = (change: Partial<RecordingStatus>): RecordingStatus => ({
  recording: "one",
  phase: "asked",
  mine: false,
  agreed: false,
  reason: "",
  file: "",
  ...change,
});

describe("Recording", () => {
  const answer = vi.fn();
  const forget = vi.fn();
  const session = { recording: { answer, forget } } as unknown as CallSession;
  const fetched = vi.fn<(path: string, init: RequestInit) => Promise<Response>>();
  const show = (shown: RecordingStatus | null, files: readonly string[] = []) =>
    act(async () => {
      render(<Recording session={session} status={shown} files={files} />);
    });

  beforeEach(() => {
    supportDialogs();
    answer.mockReset();
    forget.mockReset();
    fetched.mockReset().mockImplementation(async () => new Response(null, { status: 404 }));
    vi.stubGlobal("fetch", fetched);
  });
  afterEach(() => {
    cleanup();
    vi.useRealTimers();
  });

  it.each([
    ["agree-recording", true],
    ["refuse-recording", false],
  ])("asks, and %s says %s", async (button, agree) => {
    await show(status({}));
    expect(screen.getByTestId("recording-question").textContent).toContain("both pictures");
    fireEvent.click(screen.getByTestId(button));
    expect(answer).toHaveBeenCalledExactlyOnceWith(agree);
  });

  it("does not ask who has agreed, and lets them think again", async () => {
    await show(status({ mine: true, agreed: true }));
    expect(screen.queryByTestId("recording-question")).toBeNull();
    expect(screen.getByTestId("recording").textContent).toContain("Waiting");
    fireEvent.click(screen.getByTestId("stop-recording"));
    expect(answer).toHaveBeenCalledExactlyOnceWith(false);
  });

  it("says all the time that it records, beside the way to end it", async () => {
    await show(status({ phase: "running", agreed: true, file: "secret" }));
    expect(screen.getByTestId("recording").dataset.phase).toBe("running");
    expect(screen.getByRole("status").textContent).toContain("Recording");
    expect(screen.queryByTestId("recording-file")).toBeNull();
    fireEvent.click(screen.getByTestId("stop-recording"));
    expect(answer).toHaveBeenCalledExactlyOnceWith(false);
  });

  it("offers the file once it is signed", async () => {
    await show(status({ phase: "stopped", reason: "left" }), ["se/cret"]);
    expect(screen.getByTestId("recording-sealing")).toBeTruthy();
    expect(fetched.mock.calls[0]).toEqual([
      "/api/recordings/se%2Fcret",
      expect.objectContaining({ method: "HEAD" }),
    ]);
    cleanup();
    fetched.mockImplementation(async () => new Response(null, { status: 200 }));
    await show(status({ phase: "stopped", reason: "left" }), ["se/cret"]);
    await waitFor(() => expect(screen.getByTestId("recording-file")).toBeTruthy());
    expect(screen.getByTestId("recording-file").getAttribute("href")).toBe("/api/recordings/se%2Fcret");
  });

  it.each([
    ["refused", "not both"],
    ["no_recorder", "No recorder"],
    ["recording_paused", "again in a minute"],
    ["recorder_lost", "recorder has ended"],
  ])("says why there is none: %s", async (reason, words) => {
    await show(status({ phase: "stopped", reason }));
    expect(screen.getByTestId("recording-stopped").textContent).toContain(words);
    expect(fetched).not.toHaveBeenCalled();
  });

  it("offers what was recorded before a reload", async () => {
    fetched.mockImplementation(async () => new Response(null, { status: 200 }));
    await show(null, ["one", "two"]);
    expect(screen.getAllByTestId("recording-file").map((link) => link.getAttribute("href"))).toEqual([
      "/api/recordings/one",
      "/api/recordings/two",
    ]);
  });

  it("forgets a file that is not there and will not come, and none that cannot be asked for", async () => {
    vi.useFakeTimers();
    fetched.mockRejectedValue(new TypeError("offline"));
    await show(null, ["gone"]);
    await act(() => vi.advanceTimersByTimeAsync(180_000));
    expect(forget).not.toHaveBeenCalled();
    fetched.mockImplementation(async () => new Response(null, { status: 404 }));
    await act(() => vi.advanceTimersByTimeAsync(3_000));
    expect(forget).toHaveBeenCalledWith("gone");
  });

  it("goes when it was read, and comes back with news", async () => {
    const refused = status({ phase: "stopped", reason: "refused" });
    const { rerender } = render(<Recording session={session} status={refused} files={[]} />);
    fireEvent.click(screen.getByTestId("close-recording"));
    expect(screen.queryByTestId("recording-stopped")).toBeNull();
    rerender(<Recording session={session} status={refused} files={[]} />);
    expect(screen.queryByTestId("recording-stopped")).toBeNull();
    const paused = status({ phase: "stopped", reason: "recording_paused" });
    rerender(<Recording session={session} status={paused} files={[]} />);
    expect(screen.getByTestId("recording-stopped").dataset.reason).toBe("recording_paused");
  });

  it("says nothing where nobody asked", async () => {
    await show(null);
    expect(document.body.textContent).toBe("");
  });
});
