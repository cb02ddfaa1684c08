/** This participant's camera: on, off, front, back. Phones open one at a time, so its steps are taken in order. */

import { type CameraChoice, type FacingMode, MediaError, type MediaFailure, openCamera } from "./devices";

/** `on` is what is wanted: while the device opens there is no track yet, and when it cannot there is a failure. */
export interface CameraState {
  on: boolean;
  track: MediaStreamTrack | null;
  failure: MediaFailure | null;
  facingMode: FacingMode;
}

export interface OwnCameraEvents {
  onState(state: CameraState): void;
  /** Another track films from now on, or none does. */
  onTrack(track: MediaStreamTrack | null): void;
  /** What was wanted of the device has been done, or has failed. */
  onSettled(): void;
}

export class OwnCamera {
  readonly #events: OwnCameraEvents;
  #state: CameraState = { on: true, track: null, failure: null, facingMode: "user" };
  #choice: CameraChoice = { deviceId: null, facingMode: "user" };
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(events: OwnCameraEvents) {
    this.#events = events;
  }

  get state(): CameraState {
    return this.#state;
  }

  /** On or off; off stops the device, so that its light goes out. */
  turn(on: boolean): Promise<void> {
    this.#enter({ on, failure: null });
    return this.#inOrder(() => (on ? this.#open() : this.#close()));
  }

  choose(deviceId: string): Promise<void> {
    this.#choice = { ...this.#choice, deviceId };
    return this.turn(true);
  }

  /** Front to back camera and back. */
  flip(): Promise<void> {
    const facingMode = this.#choice.facingMode === "user" ? "environment" : "user";
    this.#choice = { deviceId: null, facingMode };
    return this.turn(true);
  }

  /** This page can open no device at all. */
  unsupported(failure: MediaFailure): void {
    this.#enter({ on: false, failure });
  }

  /** For good: a device that is being opened is stopped as soon as it is there. */
  stop(): void {
    this.#stopped = true;
    this.#state.track?.stop();
  }

  #inOrder(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(step, step);
    return this.#work;
  }

  async #open(): Promise<void> {
    if (!this.#state.on) return; // turned off again before its turn came
    const { facingMode } = this.#choice;
    this.#state.track?.stop();
    try {
      const track = await openCamera(this.#choice);
      if (this.#stopped) {
        track.stop();
        return;
      }
      track.onended = () => void this.turn(false);
      this.#enter({ track, failure: null, facingMode });
      this.#events.onTrack(track);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#events.onTrack(null);
      this.#enter({ on: false, track: null, failure: error.code, facingMode });
    }
    this.#events.onSettled();
  }

  async #close(): Promise<void> {
    const { track } = this.#state;
    this.#events.onTrack(null);
    if (track !== null) {
      track.onended = null;
      track.stop();
    }
    this.#enter({ track: null });
    this.#events.onSettled();
  }

  #enter(change: Partial<CameraState>): void {
    this.#state = { ...this.#state, ...change };
    this.#events.onState(this.#state);
  }
}
