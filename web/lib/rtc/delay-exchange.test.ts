import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LipTimes } from "@/lib/media/voice-delay";
import { VOICE_FIXED_S } from "@/lib/media/voice-delay";
import type { DelayMessage, PassageMessage } from "./delay";
import { DelayExchange } from "./delay-exchange";
import type { OutgoingVoice } from "./outgoing-voice";
import type { ParticipantLink } from "./participant-link";
import type { Way } from "./relay-choice";
import type { LinkFigures } from "./stats";

const FIGURES = { roundTripTime: 0.04, voiceBuffer: 0.06, sending: 0.009, receiving: 0.01 } as LinkFigures;

describe("DelayExchange", () => {
  let exchange: DelayExchange;
  let linked: boolean;
  let otherWearsFace: boolean;
  let worn: { loopDelay: number | null; returning: number | null } | null;
  let ways: {
    way: Way;
    lead: number;
    passage: number | null;
    figures: LinkFigures | null;
    measure(): Promise<void>;
    compare: ReturnType<typeof vi.fn<(now: number, client: number | null, server: number | null) => void>>;
  };
  let figures: LinkFigures | null;
  let told: DelayMessage[];
  let delays: (number | null)[];
  let voice: { follow(times: LipTimes): void; release(): void; delayMs: number };
  let voiceDelays: number[];

  const link = {
    peer: "other",
    measure: async () => figures,
    tell: (message: DelayMessage) => told.push(message),
  } as unknown as ParticipantLink;

  /** One displayed frame, which left the other side 50 ms before and was received 10 ms before. */
  const display = (way: Way = "client"): void => {
    let metadata: object | null = { expectedDisplayTime: 1050, captureTime: 1000, receiveTime: 1040 };
    exchange.meter(
      {
        requestVideoFrameCallback: (seen: (now: number, metadata: object) => void) => {
          const next = metadata;
          metadata = null;
          if (next !== null) seen(0, next);
          return 0;
        },
      } as unknown as HTMLVideoElement,
      way,
    );
  };

  beforeEach(() => {
    vi.useFakeTimers();
    linked = true;
    otherWearsFace = false;
    worn = null;
    figures = FIGURES;
    told = [];
    delays = [];
    voiceDelays = [];
    voice = { follow: vi.fn(), release: vi.fn(), delayMs: 0 };
    ways = {
      way: "client",
      lead: 0,
      passage: null,
      figures: null,
      measure: async () => undefined,
      compare: vi.fn(),
    };
    exchange = new DelayExchange({
      ways: () => ways,
      link: () => (linked ? link : undefined),
      wearsFace: () => otherWearsFace,
      worn: () => worn,
      voice: voice as unknown as OutgoingVoice,
      onDelay: (delayMs) => delays.push(delayMs),
      onVoiceDelay: (delayMs) => voiceDelays.push(delayMs),
    });
    exchange.start();
  });

  afterEach(() => {
    exchange.stop();
    vi.useRealTimers();
  });

  it("measures nothing while nobody is connected", async () => {
    linked = false;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(delays).toEqual([]);
  });

  it("tells the loop once a second, zero for the own face and unknown while nobody knows", async () => {
    await vi.advanceTimersByTimeAsync(1_000);
    worn = { loopDelay: null, returning: null };
    await vi.advanceTimersByTimeAsync(1_000);
    worn = { loopDelay: 0.06, returning: 0.02 };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(
      [[0, 0] as const, [null, null] as const, [0.06, 0.02] as const].map(([seconds, returning]) => ({
        type: "loop",
        seconds,
        returning,
        sending: 0.009,
      })),
    );
  });

  it("tells how old picture and voice are once a picture was displayed", async () => {
    display();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told[1]).toEqual({ type: "passage", video: 0.05, voice: 0.02 + 0.06 + VOICE_FIXED_S });
    expect(delays).toEqual([50]);
  });

  it("adds the loop of the other's face, and shows no figure before it was told", async () => {
    otherWearsFace = true;
    display();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(delays).toEqual([null]);
    exchange.receive({ type: "loop", seconds: 0.06, returning: 0.02, sending: 0.005 });
    display(); // relayed from now on: 10 ms here, half the round trip, and the sender's 5 ms
    await vi.advanceTimersByTimeAsync(1_000);
    expect(delays.at(-1)).toBe(60 + 10 + 20 + 5);
  });

  it("compares the ways of a worn face by what each side measures of its part", async () => {
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ways.compare).not.toHaveBeenCalled();
    otherWearsFace = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ways.compare).toHaveBeenLastCalledWith(expect.any(Number), null, null);
    exchange.receive({ type: "loop", seconds: 0.15, returning: 0.05, sending: 0.005 });
    ways.passage = 0.02;
    await vi.advanceTimersByTimeAsync(1_000);
    const [, client, server] = ways.compare.mock.lastCall ?? [];
    expect(client).toBeCloseTo(0.15 + 0.02 + 0.005 + 0.01);
    expect(server).toBeCloseTo(0.15 - 0.05 + 0.02);
  });

  it("shows the delay of the way that is shown, and lets the voice come earlier by its lead", async () => {
    otherWearsFace = true;
    ways.way = "server";
    ways.lead = 0.03;
    ways.figures = { ...FIGURES, roundTripTime: 0.02 };
    exchange.receive({ type: "loop", seconds: 0.15, returning: 0.05, sending: 0.005 });
    await vi.advanceTimersByTimeAsync(1_000);
    display("server");
    display("client");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(delays.at(-1)).toBe(150 - 50 + 10 + 10); // half the worker's round trip, and 10 ms to the screen
    const byClient = 0.01 + 0.02 + 0.005;
    expect(told.at(-1)).toMatchObject({ type: "passage" });
    expect((told.at(-1) as PassageMessage).video).toBeCloseTo(byClient - 0.03);
  });

  it("knows nothing about another connection", async () => {
    display();
    exchange.receive({ type: "loop", seconds: 0.06, returning: null, sending: null });
    exchange.reset();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(delays).toEqual([null]);
  });

  it("shows nothing of a connection that cannot be measured, or that answers after the end", async () => {
    figures = null;
    await vi.advanceTimersByTimeAsync(1_000);
    figures = FIGURES;
    vi.advanceTimersByTime(1_000);
    exchange.stop();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(delays).toEqual([]);
    expect(told).toEqual([]);
  });

  it("holds the voice back to the worn face", () => {
    worn = { loopDelay: 0.12, returning: null };
    voice.delayMs = 90;
    exchange.receive({ type: "passage", video: 0.03, voice: 0.06 });
    expect(voice.follow).toHaveBeenCalledWith({ loop: 0.12, video: 0.03, voice: 0.06 });
    expect(voiceDelays).toEqual([90]);
  });

  it("lets the voice go where no face is worn, and leaves it while the loop is not known", () => {
    const passage: DelayMessage = { type: "passage", video: 0.03, voice: 0.06 };
    exchange.receive(passage);
    expect(voice.release).toHaveBeenCalledTimes(1);
    worn = { loopDelay: null, returning: null };
    exchange.receive(passage);
    expect(voice.follow).not.toHaveBeenCalled();
    expect(voice.release).toHaveBeenCalledTimes(1);
  });
});
