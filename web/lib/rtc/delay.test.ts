// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeDelayMessage, PassageMeter } from "./delay";

/** What src/talchum/protocol/delay_messages.py is held to as well. */
const golden: { messages: { example: string; message: object }[]; refused: string[] } = JSON.parse(
  readFileSync(new URL("../../../tests/golden/delays.json", import.meta.url), "utf8"),
);

describe("PassageMeter", () => {
  it("trusts the capture time that the browser brought to this clock", () => {
    const meter = new PassageMeter();
    for (let at = 0; at < 5; at += 1) {
      meter.displayed({ expectedDisplayTime: 1_000 + at * 33, captureTime: 960 + at * 33, receiveTime: 990 });
    }
    expect(meter.seconds).toBeCloseTo(0.04);
  });

  it("adds half the round trip where there is only the time of arrival", () => {
    const meter = new PassageMeter();
    meter.setRoundTripTime(0.1);
    meter.displayed({ expectedDisplayTime: 1_020, receiveTime: 1_000 });
    expect(meter.seconds).toBeCloseTo(0.05 + 0.02 + 0.015);
  });

  it("does not count the way back from the face worker twice when a returned track is relayed", () => {
    const meter = new PassageMeter();
    meter.setRoundTripTime(0.01);
    meter.displayed({ expectedDisplayTime: 1_000, captureTime: 960 });
    meter.setSender(true, 0.008);
    expect(meter.seconds).toBeNull();
    meter.displayed({ expectedDisplayTime: 1_100, captureTime: 900, receiveTime: 1_080 });
    expect(meter.seconds).toBeCloseTo(0.02 + 0.005 + 0.008);
  });

  it("leaves out frames from before the clocks were known to each other", () => {
    const meter = new PassageMeter();
    meter.displayed({ expectedDisplayTime: 1_000, captureTime: 9_000 });
    meter.displayed({ expectedDisplayTime: 1_000 });
    expect(meter.seconds).toBeNull();
  });
});

describe("decodeDelayMessage", () => {
  it.each(golden.messages.map(({ example, message }) => [example, message]))("reads %s", (_name, message) => {
    expect(decodeDelayMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each(golden.refused)("leaves %s alone", (text) => {
    expect(decodeDelayMessage(text)).toBeNull();
  });

  it("leaves what is not text alone", () => {
    expect(decodeDelayMessage(new ArrayBuffer(2))).toBeNull();
  });
});
