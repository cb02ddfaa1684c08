import { FakeStream, FakeTrack } from "./fake-media";

/** An AudioContext without sound; what comes out of its delay line is labelled "delayed". */
export class FakeAudioContext {
  state: "suspended" | "running" | "closed" = "running";
  currentTime = 0;
  onstatechange: (() => void) | null = null;

  async resume(): Promise<void> {}

  async close(): Promise<void> {
    this.become("closed");
  }

  become(state: "suspended" | "running" | "closed"): void {
    this.state = state;
    this.onstatechange?.();
  }

  createDelay() {
    const delayTime = {
      value: 0,
      cancelScheduledValues() {},
      setValueAtTime() {},
      linearRampToValueAtTime(value: number) {
        this.value = value;
      },
    };
    return { delayTime, connect() {}, disconnect() {} };
  }

  createMediaStreamDestination() {
    return { stream: new FakeStream([new FakeTrack("audio", "delayed")]) };
  }

  createMediaStreamSource() {
    return { connect() {}, disconnect() {} };
  }
}
