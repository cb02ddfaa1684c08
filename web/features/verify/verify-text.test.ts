import { describe, expect, it } from "vitest";
import { en } from "@/i18n/en";
import type { CredentialsState, Verdict } from "@/lib/verification/verification-api";
import { report, TAG } from "@/testing/verification";
import {
  clock,
  credentialsNote,
  disagreementKey,
  doingKey,
  failureKey,
  kindKey,
  megabytes,
  percent,
  placed,
  verdictName,
} from "./verify-text";

describe("the verdict", () => {
  const card = { start: 0, end: 4, kind: "card", tag: "00000000", confidence: 20 } as const;

  const told = (...disagreements: string[]) =>
    verdictName(report({ verdict: "marked-inconsistent", disagreements }));

  it("is told in words that never say genuine without not", () => {
    expect(verdictName(report())).toBe("marked");
    expect(told("badge_without_mark")).toBe("inconsistent");
    expect(told("badge_of_another_leg", "credentials_invalid")).toBe("inconsistent");
    expect(told("credentials_invalid")).toBe("broken");
    expect(verdictName(report({ verdict: "not-detected" }))).toBe("notDetected");
    expect(en["verify.verdict.notDetected.text"]).toContain("not evidence that the video is genuine");
    for (const [key, text] of Object.entries(en)) {
      if (key.startsWith("verify.") && text.includes("genuine")) expect(text).toContain("not evidence");
    }
  });

  it("tells a video of cards from one of a worn face", () => {
    const { mark } = report();
    expect(verdictName(report({ mark: { ...mark, intervals: [card] } }))).toBe("card");
    expect(verdictName(report({ mark: { ...mark, intervals: [card, ...mark.intervals] } }))).toBe("marked");
  });

  it("tells what only a file says of itself from what is in its pictures", () => {
    const mark = { ...report().mark, intervals: [] };
    const credentials = { tags: [TAG], namesTalchum: true };
    const told = (state: CredentialsState) =>
      verdictName(report({ mark, credentials: { ...credentials, state } }));
    expect([told("trusted"), told("valid")]).toEqual(["recorded", "claimed"]);
  });

  it("says of credentials what the verdict does not", () => {
    const note = (state: CredentialsState, namesTalchum: boolean, verdict: Verdict = "not-detected") =>
      credentialsNote(report({ verdict, credentials: { state, namesTalchum, tags: [] } }));
    expect(note("none", false)).toBeNull();
    expect(note("invalid", false)).toBe("verify.note.broken");
    expect(note("valid", false)).toBe("verify.note.others");
    expect(note("valid", true)).toBe("verify.note.ownFacesClaimed");
    expect(note("trusted", true)).toBe("verify.note.ownFaces");
    expect(note("trusted", true, "marked-inconsistent")).toBeNull();
    expect(note("valid", true, "marked")).toBeNull();
    expect(note("trusted", true, "marked")).toBe("verify.note.signed");
  });
});

it.each([
  [0, "0:00.0"],
  [3.97, "0:04.0"],
  [59.96, "1:00.0"],
  [65.3, "1:05.3"],
  [3605, "1:00:05.0"],
])("shows %d seconds as %s", (seconds, shown) => {
  expect(clock(seconds)).toBe(shown);
});

it("has words for every code there is, and for new ones", () => {
  for (const code of ["media_file_unreadable", "file_too_large", "verifications_busy", "rate_limited"]) {
    expect(failureKey(code)).not.toBe("error.unknown");
  }
  expect(failureKey("toString")).toBe("error.unknown");
  expect(disagreementKey("badge_without_mark")).toBe("verify.disagreement.badge_without_mark");
  expect(disagreementKey("something_new")).toBe("verify.disagreement.other");
  expect(doingKey("reading again")).toBe("verify.doing.readingAgain");
  expect([kindKey("synthetic"), kindKey("card")]).toEqual(["disclosure.synthetic", "verify.kind.card"]);
});

it("writes figures as each language does", () => {
  expect(percent(0.756, "en")).toBe("76%");
  expect(megabytes(1_512_000_000, "ko")).toBe("1,512");
});

describe("the timeline", () => {
  it("places an interval by its share of the video", () => {
    expect(placed({ start: 3, end: 6 }, 12, 1000)).toEqual({ x: 250, width: 250 });
    expect(placed({ start: 0, end: 12 }, 12, 1000)).toEqual({ x: 0, width: 1000 });
  });

  it("shows a short one in a long video, within the line", () => {
    expect(placed({ start: 3599, end: 3600 }, 3600, 1000)).toEqual({ x: 990, width: 10 });
  });

  it("bears a video whose length is not known", () => {
    expect(placed({ start: 0, end: 2 }, 0, 1000)).toEqual({ x: 0, width: 1000 });
  });
});
