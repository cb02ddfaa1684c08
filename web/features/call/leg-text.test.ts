// @vitest-environment node
import { describe, expect, it } from "vitest";
import { decodeLegMessage, type LegReport } from "@/lib/rtc/leg-messages";
import { type LegStatus, NO_FACE } from "@/lib/rtc/leg-status";
import { engineKey, legKey, wornKey } from "./leg-text";

const reported = (fields: object): LegReport =>
  decodeLegMessage(JSON.stringify({ type: "report", state: "face", ...fields })) as LegReport;
const live = (change: Partial<LegStatus> = {}): LegStatus => ({
  ...NO_FACE,
  wanted: { identity: "sora-2", engine: null },
  state: "live",
  ...change,
});

describe("a face that is on", () => {
  it("is said to be on", () => {
    expect(wornKey(live())).toBe("leg.live");
    expect(wornKey(live({ report: reported({}) }))).toBe("leg.live");
  });

  it("is said to be a simpler one where the machine is too slow, which is no trouble", () => {
    const leg = live({ report: reported({ fallback: true }) });
    expect(wornKey(leg)).toBe("leg.fallback");
    expect(legKey(leg, true)).toBeNull();
  });

  it("says which place in line the performer has", () => {
    expect(legKey(live({ state: "queued", place: 3 }), true)).toBe("leg.queuedAt");
    expect(legKey(live({ state: "queued", place: 1 }), true)).toBe("leg.queued");
  });

  it("is not said of a leg that is still set up", () => {
    expect(wornKey(live({ state: "connecting" }))).toBeNull();
  });
});

it.each([
  ["neural", "engine.neural"],
  ["portrait", "engine.portrait"],
  ["veil", "engine.veil"],
  ["one of tomorrow", null],
  [null, null],
])("says how %s paints", (engine, key) => {
  expect(engineKey(live({ engine }))).toBe(key);
});

it.each([
  ["no_face", "card.no_face"],
  ["something new", "card.other"],
])("says what the card of %s is for", (reason, key) => {
  expect(legKey(live({ report: reported({ state: "card", reason }) }), true)).toBe(key);
});
