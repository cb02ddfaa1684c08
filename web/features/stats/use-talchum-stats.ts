"use client";

import { useEffect } from "react";
import type { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot, RemoteSnapshot } from "@/lib/rtc/call-snapshot";
import type { Way } from "@/lib/rtc/relay-choice";

/** What `window.talchumStats()` gives tests and curious developers: figures only, never a track or a key. */
export interface TalchumStats {
  phase: CallSnapshot["phase"];
  signalling: CallSnapshot["signalling"];
  route: "direct" | "relay" | null;
  connection: string | null;
  delayMs: number | null;
  voiceDelayMs: number;
  outgoing: CallSnapshot["outgoing"]["kind"];
  faceLeg: {
    state: string;
    identity: string | null;
    wearing: string | null;
    engine: string | null;
    framesReceived: number;
    legs: number;
    loopMs: number | null;
    report: CallSnapshot["leg"]["report"];
  };
  remote: {
    disclosure: string | null;
    ownFace: boolean;
    gate: RemoteSnapshot["disclosed"]["gate"]["state"];
    /** By which way they are shown; null where there is no choice. */
    way: Way | null;
    framesPerSecond: number;
    framesDecoded: number;
    framesDropped: number;
    width: number;
    height: number;
    roundTripTime: number | null;
    packetsLost: number;
  } | null;
}

declare global {
  interface Window {
    talchumStats?: () => TalchumStats;
  }
}

export function statsOf({
  phase,
  signalling,
  remote,
  delayMs,
  voiceDelayMs,
  outgoing,
  leg,
}: CallSnapshot): TalchumStats {
  const figures = remote?.figures ?? null;
  return {
    phase,
    signalling,
    route: figures?.route ?? null,
    connection: remote?.link ?? null,
    delayMs,
    voiceDelayMs,
    outgoing: outgoing.kind,
    faceLeg: {
      state: leg.state,
      identity: leg.wanted?.identity ?? null,
      wearing: leg.wearing,
      engine: leg.engine,
      framesReceived: leg.framesReceived,
      legs: leg.legs,
      loopMs: leg.loopDelay === null ? null : Math.round(leg.loopDelay * 1000),
      report: leg.report,
    },
    remote:
      remote === null
        ? null
        : {
            disclosure: remote.state.face?.kind ?? null,
            ownFace: remote.state.ownFace,
            gate: remote.disclosed.gate.state,
            way: remote.relay?.way ?? null,
            framesPerSecond: figures?.video.framesPerSecond ?? 0,
            framesDecoded: figures?.video.framesDecoded ?? 0,
            framesDropped: figures?.video.framesDropped ?? 0,
            width: figures?.video.width ?? 0,
            height: figures?.video.height ?? 0,
            roundTripTime: figures?.roundTripTime ?? null,
            packetsLost: figures?.packetsLost ?? 0,
          },
  };
}

export function useTalchumStats(session: CallSession | null): void {
  useEffect(() => {
    if (session === null) return;
    window.talchumStats = () => statsOf(session.snapshot);
    return () => {
      window.talchumStats = undefined;
    };
  }, [session]);
}
