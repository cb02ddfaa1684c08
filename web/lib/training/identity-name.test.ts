// @vitest-environment node
import { expect, it } from "vitest";
import { isIdentityName } from "./identity-name";

it.each(["a", "sora-2", "x".repeat(32)])("%s is a name", (text) => {
  expect(isIdentityName(text)).toBe(true);
});

it.each([
  "",
  "2sora",
  "-sora",
  "Sora",
  "sora_2",
  "소라",
  "../sora",
  "sora ",
  "x".repeat(33),
])("%s is none", (text) => {
  expect(isIdentityName(text)).toBe(false);
});
