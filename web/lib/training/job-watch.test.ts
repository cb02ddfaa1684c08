// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/call-server";
import { trainingJob } from "@/testing/training-job";
import { BUSY_MS, IDLE_MS, isOpen, JobWatch } from "./job-watch";
import type { JobList } from "./training-api";

class Page extends EventTarget {
  hidden = false;

  show(shown: boolean): void {
    this.hidden = !shown;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

describe("JobWatch", () => {
  const running: JobList = { jobs: [trainingJob()], trainers: 1 };
  const done: JobList = { jobs: [trainingJob({ state: "succeeded" })], trainers: 1 };
  const jobs = vi.fn<() => Promise<JobList>>();
  let page: Page;
  let watch: JobWatch;
  let stop: () => void;

  const begin = async (first: JobList): Promise<void> => {
    jobs.mockReset().mockResolvedValue(first);
    stop = watch.start();
    await vi.advanceTimersByTimeAsync(0);
  };
  const looksIn = async (milliseconds: number): Promise<number> => {
    const before = jobs.mock.calls.length;
    await vi.advanceTimersByTimeAsync(milliseconds);
    return jobs.mock.calls.length - before;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    page = new Page();
    watch = new JobWatch(() => jobs(), page);
    stop = () => undefined;
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it("looks each second while a job runs, and seldom when none does", async () => {
    await begin(running);
    expect(watch.current).toEqual({ ...running, failure: null });
    expect(await looksIn(4 * BUSY_MS)).toBe(4);
    jobs.mockResolvedValue(done);
    await looksIn(BUSY_MS);
    expect(await looksIn(2 * IDLE_MS)).toBe(2);
  });

  it("does not hurry for a job that nobody works on", async () => {
    await begin({ jobs: [trainingJob({ state: "queued" })], trainers: 0 });
    expect(await looksIn(IDLE_MS)).toBe(1);
  });

  it("rests in a hidden tab and looks as soon as it is shown", async () => {
    await begin(running);
    page.show(false);
    expect(await looksIn(10 * IDLE_MS)).toBe(0);
    const before = jobs.mock.calls.length;
    page.show(true);
    expect(jobs.mock.calls.length - before).toBe(1);
  });

  it("keeps what it knows while the server does not answer, and goes on trying", async () => {
    await begin(running);
    jobs.mockRejectedValue(new ApiError("unreachable", "x", true));
    await looksIn(BUSY_MS);
    expect(watch.current).toEqual({ ...running, failure: "unreachable" });
    jobs.mockResolvedValue(done);
    expect(await looksIn(IDLE_MS)).toBe(1);
    expect(watch.current).toEqual({ ...done, failure: null });
  });

  it("drops an answer that a newer look has overtaken", async () => {
    await begin(running);
    let late: (list: JobList) => void = () => undefined;
    jobs.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
    watch.look();
    jobs.mockResolvedValue(done);
    watch.look();
    await vi.advanceTimersByTimeAsync(0);
    late(running);
    await vi.advanceTimersByTimeAsync(0);
    expect(watch.current.jobs).toEqual(done.jobs);
  });

  it("tells listeners until they leave, and asks nothing after the end", async () => {
    const heard = vi.fn();
    const leave = watch.subscribe(heard);
    await begin(running);
    expect(heard).toHaveBeenCalledTimes(1);
    leave();
    await looksIn(BUSY_MS);
    expect(heard).toHaveBeenCalledTimes(1);
    stop();
    watch.look();
    expect(await looksIn(10 * IDLE_MS)).toBe(0);
  });
});

it.each([
  ["queued", true],
  ["running", true],
  ["succeeded", false],
  ["failed", false],
  ["cancelled", false],
] as const)("a job that is %s: open %s", (state, open) => {
  expect(isOpen({ state })).toBe(open);
});
