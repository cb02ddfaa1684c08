import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeAudioContext } from "@/testing/fake-audio";
import { asTrack, FakeStream, FakeTrack } from "@/testing/fake-media";
import { OutgoingVoice } from "./outgoing-voice";

const LATE = { loop: 0.12, video: 0.03, voice: 0.06 };

describe("OutgoingVoice", () => {
  let voice: OutgoingVoice;
  let sent: (string | undefined)[];
  let context: FakeAudioContext;
  const microphone = asTrack(new FakeTrack("audio", "microphone"));

  beforeEach(() => {
    context = new FakeAudioContext();
    vi.stubGlobal("MediaStream", FakeStream);
    vi.stubGlobal("AudioContext", function AudioContext() {
      return context;
    });
    sent = [];
    voice = new OutgoingVoice((track) => sent.push(track?.label));
  });

  it("is the microphone itself until something is held back", async () => {
    expect(voice.track).toBeNull();
    voice.setMicrophone(microphone);
    await voice.prepare();
    expect(voice.track).toBe(microphone);
    voice.follow(LATE);
    expect(voice.track?.label).toBe("delayed");
    voice.follow(LATE);
    expect(sent).toEqual(["microphone", "delayed"]);
  });

  it("is the microphone again once the line has let go of everything it held", async () => {
    voice.setMicrophone(microphone);
    await voice.prepare();
    voice.follow(LATE);
    voice.release();
    expect(voice.track?.label).toBe("delayed");
    context.currentTime = 60;
    voice.release();
    expect(sent).toEqual(["microphone", "delayed", "microphone"]);
  });

  it("is nothing while there is no microphone, delay line or not", async () => {
    await voice.prepare();
    voice.follow(LATE);
    expect(voice.track).toBeNull();
    voice.setMicrophone(microphone);
    expect(sent).toEqual(["delayed"]);
  });

  it("mutes nobody whose audio context was not let start", async () => {
    context.state = "suspended";
    voice.setMicrophone(microphone);
    await voice.prepare();
    voice.follow(LATE);
    expect(voice.track).toBe(microphone);
    context.become("running");
    expect(sent.at(-1)).toBe("delayed");
    context.become("suspended");
    expect(sent.at(-1)).toBe("microphone");
  });

  it("is held back to a face that is late, and let go when there is none", async () => {
    voice.follow(LATE);
    expect(voice.delayMs).toBe(0);
    await voice.prepare();
    voice.follow(LATE);
    expect(voice.delayMs).toBe(90);
    voice.release();
    expect(voice.delayMs).toBe(0);
  });

  it("lays no delay line after the end", async () => {
    voice.setMicrophone(microphone);
    const preparing = voice.prepare();
    voice.close();
    await preparing;
    voice.follow(LATE);
    expect(voice.delayMs).toBe(0);
    expect(context.state).toBe("closed");
  });
});
