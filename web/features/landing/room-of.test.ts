// @vitest-environment node
import { expect, it } from "vitest";
import { roomOf } from "./room-of";

const ROOM = "kY3cUQ9vT0yB6m1x-_Zz4A";

it.each([
  ROOM,
  ` ${ROOM}\n`,
  `https://call.example/call/#${ROOM}`,
  `http://localhost:8080/call/?route=relay#${ROOM}`,
])("finds the room in %s", (text) => {
  expect(roomOf(text)).toBe(ROOM);
});

it.each([
  "",
  "hello",
  "https://call.example/call/",
  "#<script>alert(1)</script>",
])("finds none in %s", (text) => {
  expect(roomOf(text)).toBeNull();
});
