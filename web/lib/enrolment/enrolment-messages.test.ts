// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeEnrolmentMessage, type EnrolmentMessage } from "./enrolment-messages";

const GOLDEN = new URL("../../../tests/golden/enrolment.json", import.meta.url);
const golden = JSON.parse(readFileSync(GOLDEN, "utf8")) as { example: string; message: EnrolmentMessage }[];

describe("decodeEnrolmentMessage", () => {
  it.each(golden)("decodes $example as it stands", ({ message }) => {
    expect(decodeEnrolmentMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each([
    ["not text", new ArrayBuffer(4)],
    ["not JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["an unknown type", '{"type":"dance"}'],
    ["something long", JSON.stringify({ type: "enrolment-done", prompt: "x".repeat(5_000) })],
  ])("takes %s for nothing", (_case, data) => {
    expect(decodeEnrolmentMessage(data)).toBeNull();
  });

  it("takes a hint it does not know for none, and what is no number for 0", () => {
    const text = '{"type":"enrolment-progress","hint":"dance","begun":1,"done":-1,"left":"many"}';
    const nothing = { type: "enrolment-progress", hint: "", begun: false, done: 0, left: 0 };
    expect(decodeEnrolmentMessage(text)).toEqual(nothing);
  });
});
