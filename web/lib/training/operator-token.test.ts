import { beforeEach, describe, expect, it, vi } from "vitest";
import { forgetOperatorToken, takeOperatorToken } from "./operator-token";

const TOKEN = "kY3cUQ9vT0yB6m1x-_Zz4A";

describe("the operator's token", () => {
  const replaceState = vi.fn();
  const open = (hash: string): string | null =>
    takeOperatorToken({
      location: { hash, pathname: "/train/", search: "" },
      history: { replaceState, state: { kept: true } },
      sessionStorage,
    });

  beforeEach(() => {
    sessionStorage.clear();
    localStorage.clear();
    replaceState.mockReset();
  });

  it("is taken out of the address bar and comes back after a reload, in this tab only", () => {
    expect(open(`#${TOKEN}`)).toBe(TOKEN);
    expect(replaceState).toHaveBeenCalledWith({ kept: true }, "", "/train/");
    expect(open("")).toBe(TOKEN);
    expect(localStorage).toHaveLength(0);
  });

  it("is the newest that was opened", () => {
    open(`#${TOKEN}`);
    expect(open("#another-token")).toBe("another-token");
    expect(open("")).toBe("another-token");
  });

  it("is not there without a link", () => {
    expect(open("")).toBeNull();
    expect(replaceState).not.toHaveBeenCalled();
  });

  it.each([
    "#short",
    "#with space",
    "#<script>alert(1)</script>",
    `#${"x".repeat(300)}`,
  ])("is not what %s says, which leaves the address bar all the same", (hash) => {
    expect(open(hash)).toBeNull();
    expect(replaceState).toHaveBeenCalledOnce();
  });

  it("is forgotten", () => {
    open(`#${TOKEN}`);
    forgetOperatorToken(sessionStorage);
    expect(open("")).toBeNull();
  });
});
