"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import { inAllLanguages } from "@/i18n";
import { CallSession } from "@/lib/rtc/call-session";
import type { CallSnapshot } from "@/lib/rtc/call-snapshot";

const nothing = () => () => undefined;

/** The session of this visit to a room; null until the page runs in a browser. */
export function useCallSession(room: string): { session: CallSession; snapshot: CallSnapshot } | null {
  const [session, setSession] = useState<CallSession | null>(null);
  useEffect(() => {
    const created = new CallSession({
      room,
      origin: window.location.origin,
      storage: window.sessionStorage,
      cardTexts: { preparing: inAllLanguages("card.preparing"), cameraOff: inAllLanguages("card.cameraOff") },
      relayOnly: new URLSearchParams(window.location.search).get("route") === "relay",
    });
    created.start();
    setSession(created);
    return () => created.suspend();
  }, [room]);
  const snapshot = useSyncExternalStore(
    session?.subscribe ?? nothing,
    () => session?.snapshot ?? null,
    () => null,
  );
  return session === null || snapshot === null ? null : { session, snapshot };
}
