// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientBody } from "@/lib/signalling/messages";
import { LegRequest } from "./leg-request";

const FACE = { identity: "minji", engine: "portrait" };

describe("LegRequest", () => {
  let sent: ClientBody[];
  let request: LegRequest;

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    request = new LegRequest((message) => sent.push(message));
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("has a new name each time it is asked", () => {
    request.ask(FACE);
    const first = request.id;
    request.ask(FACE);
    expect(request.id).not.toBe(first);
    expect(sent).toEqual(
      [first, request.id].map((id) => ({ type: "face-leg-request", request: id, ...FACE })),
    );
  });

  it("counts as unanswered after six seconds, and not before it was made", () => {
    vi.advanceTimersByTime(7_000);
    expect(request.unanswered(performance.now())).toBe(false);
    request.ask(FACE);
    vi.advanceTimersByTime(6_000);
    expect(request.unanswered(performance.now())).toBe(false);
    vi.advanceTimersByTime(1);
    expect(request.unanswered(performance.now())).toBe(true);
  });

  it("gives the worker that answers eight seconds of its own", () => {
    request.ask(FACE);
    vi.advanceTimersByTime(5_000);
    request.answered();
    vi.advanceTimersByTime(8_000);
    expect(request.unconnected(performance.now())).toBe(false);
    vi.advanceTimersByTime(1);
    expect(request.unconnected(performance.now())).toBe(true);
  });

  it("is due again two seconds after a refusal that may pass, and never after another", () => {
    request.ask(FACE);
    request.refused(true);
    expect(request.id).toBeNull();
    expect(request.dueAgain(performance.now())).toBe(false);
    vi.advanceTimersByTime(2_000);
    expect(request.dueAgain(performance.now())).toBe(true);
    request.ask(FACE);
    request.refused(false);
    vi.advanceTimersByTime(60_000);
    expect(request.dueAgain(performance.now())).toBe(false);
  });

  it("replaces a leg while another is asked for or will be, until it goes back to it", () => {
    request.ask(FACE);
    const live = request.id ?? "";
    expect(request.replaces(live)).toBe(false);
    request.ask(FACE);
    expect(request.replaces(live)).toBe(true);
    request.refused(true);
    expect(request.replaces(live)).toBe(true);
    request.goBackTo(live);
    expect(request.replaces(live)).toBe(false);
  });

  it("is asked for no more once forgotten", () => {
    request.ask(FACE);
    request.refused(true);
    request.forget();
    vi.advanceTimersByTime(60_000);
    expect(request.dueAgain(performance.now())).toBe(false);
    expect(request.id).toBeNull();
  });
});
