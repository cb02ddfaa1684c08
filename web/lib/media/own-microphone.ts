/** This participant's microphone. Muting keeps the device open, so that speaking again takes no time. */

import { MediaError, type MediaFailure, openMicrophone } from "./devices";

/** `on` is what is wanted: while the device opens there is no track yet, and when it cannot there is a failure. */
export interface MicrophoneState {
  on: boolean;
  track: MediaStreamTrack | null;
  failure: MediaFailure | null;
}

export interface OwnMicrophoneEvents {
  onState(state: MicrophoneState): void;
  /** Another track listens from now on. */
  onTrack(track: MediaStreamTrack): void;
  /** What was wanted of the device has been done, or has failed. */
  onSettled(): void;
}

export class OwnMicrophone {
  readonly #events: OwnMicrophoneEvents;
  #state: MicrophoneState = { on: true, track: null, failure: null };
  #stopped = false;
  /** Counts what was asked for: of two devices that open at once the one chosen last listens. */
  #choice = 0;

  constructor(events: OwnMicrophoneEvents) {
    this.#events = events;
  }

  get state(): MicrophoneState {
    return this.#state;
  }

  /** Heard or muted; one that could not be opened before is tried again. */
  turn(on: boolean): void {
    const { track, failure } = this.#state;
    if (track !== null) track.enabled = on;
    this.#enter({ on });
    if (on && failure !== null) void this.open(null);
    this.#events.onSettled();
  }

  /** deviceId: which, null for the one the browser chooses. */
  async open(deviceId: string | null): Promise<void> {
    this.#choice += 1;
    const choice = this.#choice;
    const outdated = (): boolean => this.#stopped || choice !== this.#choice;
    try {
      const track = await openMicrophone(deviceId);
      if (outdated()) {
        track.stop();
        return;
      }
      this.#state.track?.stop();
      track.enabled = this.#state.on; // it may have been muted while the browser asked
      track.onended = () => this.#gone(track);
      this.#enter({ track, failure: null });
      this.#events.onTrack(track);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      if (outdated()) return;
      const { on, track } = this.#state;
      this.#enter({ on: track !== null && on, failure: error.code });
    }
    this.#events.onSettled();
  }

  /** This page can open no device at all; the camera says why. */
  unsupported(): void {
    this.#enter({ on: false });
  }

  /** For good: a device that is being opened is stopped as soon as it is there. */
  stop(): void {
    this.#stopped = true;
    this.#state.track?.stop();
  }

  /** Pulled out, or taken by the system: what the browser chooses then is better than silence. */
  #gone(track: MediaStreamTrack): void {
    if (track !== this.#state.track || this.#stopped) return;
    this.#enter({ track: null });
    void this.open(null);
  }

  #enter(change: Partial<MicrophoneState>): void {
    this.#state = { ...this.#state, ...change };
    this.#events.onState(this.#state);
  }
}
