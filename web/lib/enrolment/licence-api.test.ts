import { afterEach, describe, expect, it } from "vitest";
import { licenceLink, takeLicence } from "./licence-api";

describe("takeLicence", () => {
  afterEach(() => window.history.replaceState(null, "", "/"));

  it("takes what a link brought out of the address bar", () => {
    window.history.replaceState(null, "", new URL(licenceLink(window.location.origin, "a-token_1")));
    expect(takeLicence(window)).toBe("a-token_1");
    expect(window.location.href).toBe(`${window.location.origin}/enrol/`);
    expect(takeLicence(window)).toBeNull();
  });

  it.each([
    "",
    "#",
    "#lend=",
    "#lend=short",
    "#an-invitation",
    "#lend=spaces in it",
  ])("leaves %j where it is", (hash) => {
    window.location.hash = hash;
    const before = window.location.href;
    expect(takeLicence(window)).toBeNull();
    expect(window.location.href).toBe(before);
  });
});
