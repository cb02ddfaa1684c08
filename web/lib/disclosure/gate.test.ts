// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { IdentityKind } from "@/lib/signalling/messages";
import { gateOf, NOTHING_TOLD, type Told } from "./gate";

const worn = (kind: IdentityKind) => ({ face: { kind }, ownFace: false });
const told = (kind: IdentityKind, bound = true): Told => ({
  state: "verified",
  legs: [{ tag: "4G7ZQK2M", kind, engine: "neural" }],
  bound,
});
const none = new Set<IdentityKind>();
const known = new Set<IdentityKind>(["synthetic"]);

describe("gateOf", () => {
  it("is open for a face that was disclosed over this connection and acknowledged", () => {
    expect(gateOf(worn("synthetic"), told("synthetic"), known)).toEqual({ state: "open" });
  });

  it("is open for an own face that was declared, and closed where nothing is", () => {
    expect(gateOf({ face: null, ownFace: true }, NOTHING_TOLD, none)).toEqual({ state: "open" });
    expect(gateOf({ face: null, ownFace: false }, told("synthetic"), known)).toEqual({ state: "undeclared" });
  });

  it("waits for the disclosure, whatever was acknowledged before", () => {
    expect(gateOf(worn("synthetic"), NOTHING_TOLD, known)).toEqual({ state: "waiting" });
  });

  it("asks for each kind once", () => {
    expect(gateOf(worn("synthetic"), told("synthetic"), none)).toEqual({
      state: "ask",
      kinds: ["synthetic"],
    });
    expect(gateOf(worn("anonymise"), told("anonymise"), known)).toEqual({
      state: "ask",
      kinds: ["anonymise"],
    });
  });

  it("asks for what is signed, whatever the performer says", () => {
    expect(gateOf(worn("synthetic"), told("anonymise"), known)).toEqual({
      state: "ask",
      kinds: ["anonymise"],
    });
  });

  it("closes when another kind is announced, before its disclosure comes", () => {
    expect(gateOf(worn("anonymise"), told("synthetic"), known)).toEqual({ state: "waiting" });
  });

  it("waits for the connection's own certificate", () => {
    expect(gateOf(worn("synthetic"), told("synthetic", false), known)).toEqual({ state: "waiting" });
  });

  it("is closed by a disclosure that does not verify, though an earlier one was acknowledged", () => {
    const failed: Told = { state: "failed", reason: "unverified" };
    expect(gateOf(worn("synthetic"), failed, known)).toEqual({ state: "failed", reason: "unverified" });
  });
});
