import { beforeEach, describe, expect, it } from "vitest";
import { KeptRecordings } from "./kept-recordings";

const KEY = "talchum:recordings:room";

describe("KeptRecordings", () => {
  beforeEach(() => sessionStorage.clear());

  it("keeps them over a reload, each room its own", () => {
    const kept = new KeptRecordings("room", sessionStorage);
    for (const file of ["one", "two", "one"]) kept.add(file);
    expect(new KeptRecordings("room", sessionStorage).files).toEqual(["two", "one"]);
    expect(new KeptRecordings("another", sessionStorage).files).toEqual([]);
  });

  it("leaves nothing behind of what it forgot", () => {
    const kept = new KeptRecordings("room", sessionStorage);
    kept.add("one");
    kept.forget("one");
    expect(kept.files).toEqual([]);
    expect(sessionStorage.getItem(KEY)).toBeNull();
  });

  it.each(["{", "7", '{"file":"one"}'])("takes %s for nothing", (saved) => {
    sessionStorage.setItem(KEY, saved);
    expect(new KeptRecordings("room", sessionStorage).files).toEqual([]);
  });

  it("takes only texts for what opens one", () => {
    sessionStorage.setItem(KEY, '["one",2,null]');
    expect(new KeptRecordings("room", sessionStorage).files).toEqual(["one"]);
  });
});
