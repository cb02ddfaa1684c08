/** Cameras, microphones and loudspeakers: which there are, and getting one or a plain reason why not. */

export type MediaFailure =
  | "insecure_context"
  | "unsupported"
  | "no_camera"
  | "no_microphone"
  | "camera_denied"
  | "microphone_denied"
  | "camera_busy"
  | "microphone_busy";

export class MediaError extends Error {
  readonly code: MediaFailure;

  constructor(code: MediaFailure) {
    super(`got no device: ${code}`);
    this.name = "MediaError";
    this.code = code;
  }
}

export type FacingMode = "user" | "environment";

export interface CameraChoice {
  deviceId: string | null;
  facingMode: FacingMode;
}

/** 640x480 at 30: what two shared cores can transform (measured); more only on measured headroom. */
const CAMERA: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 30, max: 30 },
};

/** What this page cannot do here, before any device is asked for; null when it can. */
export function missingSupport(): MediaFailure | null {
  if (!window.isSecureContext) return "insecure_context";
  if (navigator.mediaDevices?.getUserMedia === undefined) return "unsupported";
  return typeof RTCPeerConnection === "undefined" ? "unsupported" : null;
}

/** A camera track. Throws MediaError. */
export async function openCamera({ deviceId, facingMode }: CameraChoice): Promise<MediaStreamTrack> {
  const which: MediaTrackConstraints =
    deviceId === null ? { facingMode: { ideal: facingMode } } : { deviceId: { exact: deviceId } };
  const track = await open("video", { video: { ...CAMERA, ...which } });
  track.contentHint = "motion";
  return track;
}

/** A microphone track. Throws MediaError. */
export function openMicrophone(deviceId: string | null): Promise<MediaStreamTrack> {
  const which: MediaTrackConstraints = deviceId === null ? {} : { deviceId: { exact: deviceId } };
  return open("audio", {
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...which },
  });
}

async function open(kind: "video" | "audio", constraints: MediaStreamConstraints): Promise<MediaStreamTrack> {
  const missing = missingSupport();
  if (missing !== null) throw new MediaError(missing);
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    throw new MediaError(mediaFailure(kind, error));
  }
  const track = stream.getTracks().find((candidate) => candidate.kind === kind);
  if (track === undefined) throw new MediaError(kind === "video" ? "no_camera" : "no_microphone");
  return track;
}

/** The plain reason behind a getUserMedia rejection (W3C Media Capture and Streams 10.2.1). */
export function mediaFailure(kind: "video" | "audio", error: unknown): MediaFailure {
  const name = error instanceof DOMException || error instanceof Error ? error.name : "";
  const video = kind === "video";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return video ? "camera_denied" : "microphone_denied";
    case "NotReadableError":
    case "AbortError":
      return video ? "camera_busy" : "microphone_busy";
    default:
      return video ? "no_camera" : "no_microphone";
  }
}

export interface Device {
  id: string;
  label: string;
}

export interface Devices {
  cameras: Device[];
  microphones: Device[];
  speakers: Device[];
}

export async function listDevices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind): Device[] =>
    all.filter((d) => d.kind === kind && d.deviceId !== "").map((d) => ({ id: d.deviceId, label: d.label }));
  return { cameras: of("videoinput"), microphones: of("audioinput"), speakers: of("audiooutput") };
}

/** Whether a loudspeaker can be chosen in this browser. */
export function canChooseSpeaker(): boolean {
  return typeof HTMLMediaElement !== "undefined" && "setSinkId" in HTMLMediaElement.prototype;
}
