// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { en, type Key } from "./en";
import { failureText, LANGUAGES, translator } from "./index";

const keys = Object.keys(en) as Key[];
const places = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();

describe.each(Object.entries(LANGUAGES))("%s", (_code, { texts }) => {
  it("has every sentence and no other", () => {
    expect(Object.keys(texts).sort()).toEqual([...keys].sort());
  });

  it("says something everywhere, with the same values filled in", () => {
    for (const key of keys) {
      expect(texts[key].trim(), key).not.toBe("");
      expect(places(texts[key]), key).toEqual(places(en[key]));
    }
  });
});

it("fills in values", () => {
  expect(translator("en")("delay.figure", { ms: 97 })).toBe("97 ms");
});

it("has plain words for known codes, and names unknown ones", () => {
  const t = translator("en");
  expect(failureText(t, "room_full")).toContain("full");
  expect(failureText(t, "toString")).toContain("toString");
});

/** Keys put together from parts, by what they begin with. */
const COMPOSED =
  /^(landing\.how|face\.kind\.|disclosure\.|gate\.(kind|failed)\.|train\.(state|phase|left)\.|call\.shortcut\.|route\.|verify\.(doing|verdict|note|disagreement|credentials|failed)\.|error\.|enrol\.(phase|prompt|hint|why|end)\.|recording\.)/;

it("keeps no sentence that nobody says", () => {
  const pages = ["app", "components", "features"].flatMap((room) => {
    const directory = fileURLToPath(new URL(`../${room}`, import.meta.url));
    return readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name) && !name.includes(".test."))
      .map((name) => readFileSync(join(directory, name), "utf8"));
  });
  const said = pages.join("\n");
  expect(keys.filter((key) => !COMPOSED.test(key) && !said.includes(`"${key}"`))).toEqual([]);
});
