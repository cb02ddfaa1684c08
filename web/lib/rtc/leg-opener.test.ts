// @vitest-environment node
import { beforeEach, describe, expect, it } from "vitest";
import type { ClientBody } from "@/lib/signalling/messages";
import { LegOpener } from "./leg-opener";

const FAR = 0.08;
const NEAR = 0.004;
const open = (request: string, to: string, isOpen = true): ClientBody => ({
  type: "face-leg-open",
  request,
  to,
  open: isOpen,
});

describe("LegOpener", () => {
  let sent: ClientBody[];
  let opener: LegOpener;

  /** What is said on this occasion. */
  const mind = (
    now: number,
    worn: string | null,
    legs: string[],
    others: string[],
    { worker = FAR, viewer = FAR }: { worker?: number | null; viewer?: number } = {},
  ): ClientBody[] => {
    opener.mind(
      now,
      worn,
      new Map(legs.map((leg) => [leg, worker])),
      new Map(others.map((other) => [other, viewer])),
    );
    return sent.splice(0);
  };

  beforeEach(() => {
    sent = [];
    opener = new LegOpener((message) => sent.push(message));
    opener.begin("auto");
  });

  it("opens a leg once it is worn, and once", () => {
    expect(mind(0, null, ["r1"], ["p2"])).toEqual([]);
    expect(mind(1, "r1", ["r1"], ["p2"])).toEqual([open("r1", "p2")]);
    expect(mind(2, "r1", ["r1"], ["p2"])).toEqual([]);
  });

  it("opens another in its place when that is worn and not before", () => {
    mind(0, "r1", ["r1"], ["p2"]);
    expect(mind(1, null, ["r1", "r2"], ["p2"])).toEqual([]);
    expect(mind(2, "r2", ["r1", "r2"], ["p2"])).toEqual([open("r1", "p2", false), open("r2", "p2")]);
  });

  it("closes a leg before it ends, and opens it no more", () => {
    mind(0, "r1", ["r1"], ["p2"]);
    opener.withdraw("r1");
    opener.withdraw("r1");
    expect(mind(1, "r1", ["r1"], ["p2"])).toEqual([open("r1", "p2", false)]);
    expect(mind(2, "r2", ["r1", "r2"], ["p2"])).toEqual([open("r2", "p2")]);
  });

  it("says nothing of a leg or a participant that is gone, and opens anew to who comes back", () => {
    mind(0, "r1", ["r1"], ["p2"]);
    expect(mind(1, null, [], ["p2"])).toEqual([]);
    expect(mind(2, "r2", ["r2"], [])).toEqual([]);
    expect(mind(3, "r2", ["r2"], ["p2"])).toEqual([open("r2", "p2")]);
  });

  it("tries again a while after a refusal", () => {
    mind(0, "r1", ["r1"], ["p2"]);
    opener.refused(100);
    expect(mind(200, "r1", ["r1"], ["p2"])).toEqual([]);
    expect(mind(600, "r1", ["r1"], ["p2"])).toEqual([open("r1", "p2")]);
  });

  it("leaves it where the line is short or unknown, and leaves open what is when it gets short", () => {
    for (const line of [{ worker: NEAR }, { viewer: NEAR }, { worker: null }]) {
      expect(mind(0, "r1", ["r1"], ["p2"], line)).toEqual([]);
    }
    expect(mind(1, "r1", ["r1"], ["p2"])).toEqual([open("r1", "p2")]);
    expect(mind(2, "r1", ["r1"], ["p2"], { worker: NEAR, viewer: NEAR })).toEqual([]);
  });

  it("does what the operator wishes, and begins anew with the session", () => {
    opener.begin("always");
    expect(mind(0, "r1", ["r1"], ["p2"], { worker: null, viewer: NEAR })).toEqual([open("r1", "p2")]);
    opener.begin("always");
    expect(mind(1, "r1", ["r1"], ["p2"], { viewer: NEAR })).toEqual([open("r1", "p2")]);
    opener.begin("never");
    expect(mind(2, "r1", ["r1"], ["p2"])).toEqual([]);
  });
});
