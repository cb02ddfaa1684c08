/** What getStats says, boiled down to what this client shows and acts on. */

import type { CallRoute } from "@/lib/signalling/messages";

export type Route = "direct" | "relay";

export interface LinkFigures {
  route: Route | null;
  /** The same as the call server counts it. */
  path: CallRoute | null;
  /** seconds */
  roundTripTime: number | null;
  video: {
    framesPerSecond: number;
    framesDecoded: number;
    framesDropped: number;
    width: number;
    height: number;
  };
  /** Average time of a sound in the receiver's jitter buffer since the last figures, seconds. */
  voiceBuffer: number | null;
  /** Average time of our picture in the encoder and in the pacer since the last figures, seconds. */
  sending: number | null;
  /** Average time from a picture's first packet to the decoded picture since the last figures, seconds. */
  receiving: number | null;
  packetsLost: number;
}

interface Entry {
  id: string;
  type: string;
  kind?: string;
  state?: string;
  nominated?: boolean;
  selectedCandidatePairId?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  candidateType?: string;
  relayProtocol?: string;
  currentRoundTripTime?: number;
  framesPerSecond?: number;
  framesDecoded?: number;
  framesDropped?: number;
  frameWidth?: number;
  frameHeight?: number;
  jitterBufferDelay?: number;
  jitterBufferEmittedCount?: number;
  totalProcessingDelay?: number;
  packetsLost?: number;
  totalEncodeTime?: number;
  framesEncoded?: number;
  totalPacketSendDelay?: number;
  packetsSent?: number;
}

type Report = ReadonlyMap<string, Entry>;

/** The figures of one connection; `before` gives those that are differences. */
export function readFigures(report: RTCStatsReport, before: RTCStatsReport | null): LinkFigures {
  const entries = report as unknown as Report;
  const pair = selectedPair(entries);
  const video = inbound(entries, "video");
  const audio = inbound(entries, "audio");
  return {
    route: routeOf(entries, pair),
    path: pathOf(entries, pair),
    roundTripTime: pair?.currentRoundTripTime ?? null,
    video: {
      framesPerSecond: video?.framesPerSecond ?? 0,
      framesDecoded: video?.framesDecoded ?? 0,
      framesDropped: video?.framesDropped ?? 0,
      width: video?.frameWidth ?? 0,
      height: video?.frameHeight ?? 0,
    },
    voiceBuffer: bufferTime(
      audio,
      before === null ? undefined : inbound(before as unknown as Report, "audio"),
    ),
    sending: sendingTime(entries, before as unknown as Report | null),
    receiving: receivingTime(
      video,
      before === null ? undefined : inbound(before as unknown as Report, "video"),
    ),
    packetsLost: (video?.packetsLost ?? 0) + (audio?.packetsLost ?? 0),
  };
}

function selectedPair(entries: Report): Entry | undefined {
  for (const entry of entries.values()) {
    if (entry.type !== "transport" || entry.selectedCandidatePairId === undefined) continue;
    const pair = entries.get(entry.selectedCandidatePairId);
    if (pair !== undefined) return pair;
  }
  // Firefox has no transport entry that names the pair.
  return [...entries.values()].find(
    (entry) => entry.type === "candidate-pair" && entry.nominated === true && entry.state === "succeeded",
  );
}

function routeOf(entries: Report, pair: Entry | undefined): Route | null {
  if (pair === undefined) return null;
  const kinds = [pair.localCandidateId, pair.remoteCandidateId].map((id) =>
    id === undefined ? undefined : entries.get(id)?.candidateType,
  );
  return kinds.includes("relay") ? "relay" : "direct";
}

const RELAYS: Record<string, CallRoute> = { udp: "relay-udp", tcp: "relay-tcp", tls: "relay-tls" };

/** By the end that is further from being reached as it is. */
function pathOf(entries: Report, pair: Entry | undefined): CallRoute | null {
  if (pair === undefined) return null;
  const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map((id) =>
    id === undefined ? undefined : entries.get(id),
  );
  if (local?.candidateType === "relay") return RELAYS[local.relayProtocol ?? ""] ?? "relay";
  const types = [local?.candidateType, remote?.candidateType];
  return (["relay", "prflx", "srflx"] as const).find((type) => types.includes(type)) ?? "host";
}

function inbound(entries: Report, kind: "audio" | "video"): Entry | undefined {
  return [...entries.values()].find((entry) => entry.type === "inbound-rtp" && entry.kind === kind);
}

function bufferTime(now: Entry | undefined, before: Entry | undefined): number | null {
  const emitted = (now?.jitterBufferEmittedCount ?? 0) - (before?.jitterBufferEmittedCount ?? 0);
  const waited = (now?.jitterBufferDelay ?? 0) - (before?.jitterBufferDelay ?? 0);
  return emitted > 0 ? waited / emitted : null;
}

function receivingTime(now: Entry | undefined, before: Entry | undefined): number | null {
  const frames = (now?.framesDecoded ?? 0) - (before?.framesDecoded ?? 0);
  if (frames <= 0 || now?.totalProcessingDelay === undefined) return null;
  return Math.max(0, now.totalProcessingDelay - (before?.totalProcessingDelay ?? 0)) / frames;
}

function sendingTime(now: Report, before: Report | null): number | null {
  const [late, early] = [now, before].map((report) =>
    [...(report?.values() ?? [])].find((entry) => entry.type === "outbound-rtp" && entry.kind === "video"),
  );
  const since = (
    name: "totalEncodeTime" | "framesEncoded" | "totalPacketSendDelay" | "packetsSent",
  ): number => (late?.[name] ?? 0) - (early?.[name] ?? 0);
  const frames = since("framesEncoded");
  const packets = since("packetsSent");
  if (frames <= 0 || packets <= 0) return null;
  return since("totalEncodeTime") / frames + since("totalPacketSendDelay") / packets;
}
