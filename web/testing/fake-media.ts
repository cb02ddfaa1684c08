/** A MediaStreamTrack that needs no device. */
export class FakeTrack extends EventTarget {
  readonly kind: "audio" | "video";
  readonly id = crypto.randomUUID();
  readonly label: string;
  readonly #settings: MediaTrackSettings;
  enabled = true;
  contentHint = "";
  readyState: "live" | "ended" = "live";
  onended: (() => void) | null = null;

  constructor(kind: "audio" | "video", label: string, settings: MediaTrackSettings = {}) {
    super();
    this.kind = kind;
    this.label = label;
    this.#settings = settings;
  }

  getSettings(): MediaTrackSettings {
    return this.#settings;
  }

  stop(): void {
    this.readyState = "ended";
  }
}

export class FakeStream {
  #tracks: FakeTrack[];

  constructor(tracks: FakeTrack[] = []) {
    this.#tracks = [...tracks];
  }

  getTracks(): FakeTrack[] {
    return [...this.#tracks];
  }

  getVideoTracks(): FakeTrack[] {
    return this.#tracks.filter((track) => track.kind === "video");
  }

  getAudioTracks(): FakeTrack[] {
    return this.#tracks.filter((track) => track.kind === "audio");
  }

  addTrack(track: FakeTrack): void {
    this.#tracks.push(track);
  }

  removeTrack(track: FakeTrack): void {
    this.#tracks = this.#tracks.filter((other) => other !== track);
  }
}

export const camera = (label = "camera"): FakeTrack =>
  new FakeTrack("video", label, { deviceId: label, groupId: "usb-1" });

export const drawing = (): FakeTrack => new FakeTrack("video", "canvas", { deviceId: "" });

export const asTrack = (track: FakeTrack): MediaStreamTrack => track as unknown as MediaStreamTrack;
