// @vitest-environment node
import { describe, expect, it } from "vitest";
import { isWorthOpening, LineLength, RelayChoice, type Way } from "./relay-choice";

const FRAME = 40;

/** Frames by both ways, 25 a second each, and a measure of both delays every second. */
class Show {
  readonly choice = new RelayChoice();
  readonly ways = new Set<Way>();
  #frames = 0;

  /** Delays by either way, null where nothing comes; the way at the end. */
  run(seconds: number, client: number | null, server: number | null): Way {
    for (let frame = 0; frame < seconds * 25; frame += 1) {
      const now = 1_000 + this.#frames * FRAME;
      if (this.#frames % 25 === 0) this.choice.measured(now, client, server);
      if (client !== null) this.choice.arrived("client", now);
      if (server !== null) this.choice.arrived("server", now);
      this.ways.add(this.choice.way);
      this.#frames += 1;
    }
    return this.choice.way;
  }
}

describe("RelayChoice", () => {
  it("goes over to a server that stays faster by the margin, and not at once", () => {
    const show = new Show();
    expect(show.run(2, 0.16, 0.12)).toBe("client");
    expect(show.choice.lead).toBe(0);
    expect(show.run(1, 0.16, 0.12)).toBe("server");
    expect(show.choice.lead).toBeCloseTo(0.04);
  });

  it("goes over with a frame of the other way in hand", () => {
    const choice = new RelayChoice();
    for (const now of [0, 1_000, 2_000]) choice.measured(now, 0.16, 0.12);
    choice.arrived("client", 2_500);
    expect(choice.way).toBe("client");
    choice.arrived("server", 2_510);
    expect(choice.way).toBe("server");
  });

  it("takes a gain below the margin for none, either way", () => {
    const show = new Show();
    expect(show.run(10, 0.16, 0.15)).toBe("client");
    show.run(4, 0.16, 0.1);
    expect(show.run(10, 0.16, 0.17)).toBe("server");
  });

  it("goes back when the client stays faster", () => {
    const show = new Show();
    show.run(4, 0.16, 0.12);
    expect(show.run(1, 0.08, 0.12)).toBe("server");
    expect(show.run(4, 0.08, 0.12)).toBe("client");
  });

  it("forgets a short spell of speed", () => {
    const show = new Show();
    for (let spell = 0; spell < 5; spell += 1) {
      show.run(1, 0.17, 0.15);
      show.run(2, 0.15, 0.16);
    }
    expect(show.ways).toEqual(new Set(["client"]));
  });

  it("leaves a silent server within the silence and two frames, and a lost one at once", () => {
    const show = new Show();
    show.run(4, 0.16, 0.12);
    expect(show.run(0.28, 0.16, null)).toBe("client");
    show.run(4, 0.16, 0.12);
    expect(show.choice.way).toBe("server");
    show.choice.serverLost();
    expect(show.choice.way).toBe("client");
    expect(show.run(2, 0.16, 0.12)).toBe("client");
    expect(show.run(1, 0.16, 0.12)).toBe("server");
  });

  it("stays where it is when both halt, or only the client does", () => {
    const show = new Show();
    expect(show.run(10, null, 0.12)).toBe("client");
    show.run(4, 0.16, 0.12);
    expect(show.run(1, null, null)).toBe("server");
    expect(show.run(1, 0.16, 0.12)).toBe("server");
  });
});

describe("LineLength", () => {
  it("is the shortest round trip, however busy the machine was in between", () => {
    const line = new LineLength();
    for (const measured of [0.09, null, 0.004, 0.2, 0.03]) line.measured(measured);
    expect(line.seconds).toBeNull();
    line.measured(0.07);
    expect(line.seconds).toBe(0.004);
  });
});

describe("isWorthOpening", () => {
  it.each([
    [0.08, 0.08, true],
    [0.02, 0.5, true],
    [0.001, 0.5, false],
    [0.5, 0.001, false],
    [null, 0.5, false],
  ])("%s s to the worker and %s s to the viewer: %s", (worker, viewer, worth) => {
    expect(isWorthOpening(worker, viewer)).toBe(worth);
  });
});
