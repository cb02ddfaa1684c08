// @vitest-environment node
import { readFileSync } from "node:fs";
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import type { Published } from "./published-keys";
import { roomName } from "./room-name";
import { DISCLOSURE_TYPE, verifyDisclosure } from "./statement";

interface Golden {
  now: number;
  room: string;
  published: JSONWebKeySet;
  statement: string;
  claims: Record<string, unknown>;
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("../../../tests/golden/disclosure.json", import.meta.url), "utf8"),
);

const at = (seconds: number, keys = golden.published): Published => ({
  keys,
  time: () => new Date(seconds * 1_000),
});

const pair = await generateKeyPair("Ed25519");
const own = { keys: [{ ...(await exportJWK(pair.publicKey)), alg: "EdDSA" }] };

function signed(claims: Record<string, unknown>, typ = DISCLOSURE_TYPE): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", typ }).sign(pair.privateKey);
}

describe("verifyDisclosure", () => {
  it("reads what the call server signed", async () => {
    const disclosure = await verifyDisclosure(golden.statement, at(golden.now));
    const { room, performer, legs, fingerprint } = golden.claims;
    expect(disclosure).toEqual({ room, performer, legs, fingerprint });
    expect(disclosure.room).toBe(await roomName(golden.room));
  });

  it("bears clocks that differ by a few minutes, and no more", async () => {
    for (const apart of [-290, 3_600 + 290]) {
      await expect(verifyDisclosure(golden.statement, at(golden.now + apart))).resolves.toBeDefined();
    }
    for (const apart of [-310, 3_600 + 310]) {
      await expect(verifyDisclosure(golden.statement, at(golden.now + apart))).rejects.toThrow();
    }
  });

  it("refuses a statement that was changed, in any of its parts", async () => {
    const parts = golden.statement.split(".");
    for (const part of [0, 1, 2]) {
      const changed = parts.map((text, index) =>
        index === part ? `${text.slice(0, 9)}${text[9] === "A" ? "B" : "A"}${text.slice(10)}` : text,
      );
      await expect(verifyDisclosure(changed.join("."), at(golden.now))).rejects.toThrow();
    }
    const unsigned = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${parts[1]}.`;
    await expect(verifyDisclosure(unsigned, at(golden.now))).rejects.toThrow();
  });

  it("refuses another installation's key, and another kind of statement", async () => {
    await expect(verifyDisclosure(golden.statement, at(golden.now, own))).rejects.toThrow();
    const consent = await signed(golden.claims, "talchum-consent+jwt");
    await expect(verifyDisclosure(consent, at(golden.now, own))).rejects.toThrow();
  });

  it.each<[string, Record<string, unknown>]>([
    ["no expiry", { exp: undefined }],
    ["no beginning", { iat: undefined }],
    ["no room", { room: "" }],
    ["no performer", { performer: 7 }],
    ["no certificate", { fingerprint: undefined }],
    ["no legs", { legs: [] }],
    ["legs that are none", { legs: "synthetic" }],
    ["a kind that is none", { legs: [{ tag: "4G7ZQK2M", kind: "real", engine: "x" }] }],
    ["a tag that is none", { legs: [{ tag: "4g7zqk2m", kind: "synthetic", engine: "x" }] }],
    ["a leg that is none", { legs: [null] }],
  ])("refuses %s though it is signed", async (_case, change) => {
    await expect(verifyDisclosure(await signed(golden.claims), at(golden.now, own))).resolves.toBeDefined();
    const statement = await signed({ ...golden.claims, ...change });
    await expect(verifyDisclosure(statement, at(golden.now, own))).rejects.toThrow();
  });
});
