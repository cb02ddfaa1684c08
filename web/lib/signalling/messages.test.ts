// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ClientMessage, ServerMessage } from "./messages";
import { decodeServerMessage, encodeClientMessage, MAX_MESSAGE_BYTES, MessageError } from "./messages";

const GOLDEN = new URL("../../../tests/golden/messages.json", import.meta.url);

const welcome = {
  type: "welcome",
  seq: 0,
  session: "s".repeat(32),
  peer: "p1",
  role: "participant",
  peers: [
    { id: "p2", role: "participant", polite: true, state: { face: { kind: "synthetic" } }, faceLeg: null },
  ],
  iceServers: [{ urls: ["stun:example.org"] }],
  iceServersExpireIn: 600,
  resumeWithin: 30,
};

describe("decodeServerMessage", () => {
  it("fills in what the server may leave out", () => {
    const message = decodeServerMessage(JSON.stringify(welcome));
    expect(message).toMatchObject({
      type: "welcome",
      peers: [{ present: true, state: { face: { kind: "synthetic" }, ownFace: false, camera: false } }],
      iceServers: [{ username: "", credential: "" }],
    });
  });

  it.each([
    ["not JSON", "{", "JSON"],
    ["a list", "[]", "an object"],
    ["no type", "{}", "a string"],
    ["an unknown type", '{"type":"dance"}', "a known one"],
    ["a type that every object has", '{"type":"constructor"}', "a known one"],
    ["a negative number", '{"type":"resumed","received":-1}', "whole number"],
    ["a missing field", '{"type":"state","from":"p"}', "state"],
    ["an unknown kind", '{"type":"state","from":"p","state":{"face":{"kind":"swap"}}}', "anonymise"],
  ])("refuses %s with got and expected", (_case, text, part) => {
    expect(() => decodeServerMessage(text)).toThrow(MessageError);
    expect(() => decodeServerMessage(text)).toThrow(part);
  });

  it("refuses a message over the limit without reading it", () => {
    const text = JSON.stringify({ type: "pong", padding: "가".repeat(MAX_MESSAGE_BYTES / 3) });
    expect(() => decodeServerMessage(text)).toThrow(expect.objectContaining({ code: "message_too_large" }));
  });
});

it("writes the type first", () => {
  expect(encodeClientMessage({ seq: 1, type: "leave" })).toBe('{"type":"leave","seq":1}');
});

interface Golden {
  fromClient: { example: string; message: ClientMessage }[];
  fromServer: { example: string; message: ServerMessage }[];
}

describe("golden messages", () => {
  const { fromClient, fromServer } = JSON.parse(readFileSync(GOLDEN, "utf8")) as Golden;

  it.each(fromServer)("decodes $example as it stands", ({ message }) => {
    expect(decodeServerMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each(fromClient)("encodes $example as it stands", ({ message }) => {
    expect(JSON.parse(encodeClientMessage(message))).toEqual(message);
  });

  it("cover every type that this client sends or reads", () => {
    expect(new Set(fromServer.map(({ message }) => message.type)).size).toBe(16);
    expect(new Set(fromClient.map(({ message }) => message.type)).size).toBe(17);
  });
});
