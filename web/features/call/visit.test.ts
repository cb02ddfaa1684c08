import { beforeEach, expect, it } from "vitest";
import { rememberedVisit, rememberVisit } from "./visit";

beforeEach(() => sessionStorage.clear());

it("comes back as it was, for the same room only", () => {
  const visit = { identity: "minji", camera: true, microphone: false };
  rememberVisit(sessionStorage, "room", visit);
  expect(rememberedVisit(sessionStorage, "room")).toEqual(visit);
  expect(rememberedVisit(sessionStorage, "other")).toBeNull();
});

it("forgets, and does not trip over what is not its own", () => {
  rememberVisit(sessionStorage, "room", { identity: "minji", camera: true, microphone: true });
  rememberVisit(sessionStorage, "room", null);
  expect(rememberedVisit(sessionStorage, "room")).toBeNull();
  sessionStorage.setItem("talchum:visit:room", "{");
  expect(rememberedVisit(sessionStorage, "room")).toBeNull();
});
