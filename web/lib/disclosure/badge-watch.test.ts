// @vitest-environment node
import { describe, expect, it } from "vitest";
import { BadgeWatch } from "./badge-watch";

const TAGS = ["4G7ZQK2M"];

describe("BadgeWatch", () => {
  it("agrees as soon as a disclosed tag is read", () => {
    expect(new BadgeWatch().look("4G7ZQK2M", TAGS, 0)).toBe("matches");
  });

  it("says that none was read after ten seconds without one, and takes it back", () => {
    const watch = new BadgeWatch();
    expect(watch.look(null, TAGS, 0)).toBe("unknown");
    expect(watch.look(null, TAGS, 9_999)).toBe("unknown");
    expect(watch.look(null, TAGS, 10_000)).toBe("unread");
    expect(watch.look("4G7ZQK2M", TAGS, 11_000)).toBe("matches");
    expect(watch.look(null, TAGS, 20_000)).toBe("matches");
    expect(watch.look(null, TAGS, 21_000)).toBe("unread");
  });

  it("warns of another tag that is read twice, and not of one reading", () => {
    const watch = new BadgeWatch();
    watch.look("4G7ZQK2M", TAGS, 0);
    expect(watch.look("00000000", TAGS, 1_000)).toBe("matches");
    expect(watch.look(null, TAGS, 2_000)).toBe("matches");
    expect(watch.look("00000000", TAGS, 3_000)).toBe("foreign");
    expect(watch.look(null, TAGS, 60_000)).toBe("foreign");
    expect(watch.look("4G7ZQK2M", TAGS, 61_000)).toBe("matches");
  });

  it("warns of any badge in an own face, and expects none", () => {
    const watch = new BadgeWatch();
    expect(watch.look(null, null, 0)).toBe("unknown");
    expect(watch.look(null, null, 60_000)).toBe("unknown");
    watch.look("4G7ZQK2M", null, 61_000);
    expect(watch.look("4G7ZQK2M", null, 62_000)).toBe("foreign");
  });
});
