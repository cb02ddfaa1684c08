import { expect, it } from "vitest";
import { chooseFace, takeChosenFace } from "./chosen-face";

it("is for one room and for once", () => {
  chooseFace(sessionStorage, "room", "sora-2");
  expect(takeChosenFace(sessionStorage, "other")).toBeNull();
  expect(takeChosenFace(sessionStorage, "room")).toBe("sora-2");
  expect(takeChosenFace(sessionStorage, "room")).toBeNull();
});
