// @vitest-environment node
import { beforeEach, describe, expect, it } from "vitest";
import { MessageNumbers } from "./message-numbers";

describe("MessageNumbers", () => {
  let numbers: MessageNumbers;
  const kept = (): number[] => numbers.unacknowledged.map(({ seq }) => seq);

  beforeEach(() => {
    numbers = new MessageNumbers();
    for (let made = 0; made < 3; made += 1) numbers.number({ type: "ice-servers-request" });
  });

  it("count from one, and keep each message until the server has it", () => {
    expect(kept()).toEqual([1, 2, 3]);
    numbers.confirm(2);
    expect(kept()).toEqual([3]);
    numbers.confirm(1);
    expect(kept()).toEqual([3]);
  });

  it("accept each message of the server once", () => {
    expect([1, 2, 2, 1, 3].map((seq) => numbers.accept(seq))).toEqual([true, true, false, false, true]);
    expect(numbers.received).toBe(3);
  });

  it("are acknowledged once, by the newest", () => {
    expect(numbers.acknowledge()).toBeNull();
    numbers.accept(1);
    numbers.accept(2);
    expect(numbers.acknowledge()).toBe(2);
    expect(numbers.acknowledge()).toBeNull();
  });

  it("begin anew with a new session, from what its welcome said", () => {
    numbers.accept(9);
    numbers.begin(4);
    expect(kept()).toEqual([]);
    expect(numbers.number({ type: "ice-servers-request" }).seq).toBe(1);
    expect(numbers.acknowledge()).toBeNull();
    expect(numbers.accept(5)).toBe(true);
  });
});
