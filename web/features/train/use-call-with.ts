"use client";

import { useState } from "react";
import { chooseFace } from "@/features/call/chosen-face";
import { ApiError } from "@/lib/call-server";
import { createRoom } from "@/lib/signalling/room-api";

/** A new call whose lobby opens with a face on. */
export function useCallWith(identity: string): { starting: boolean; failure: string | null; start(): void } {
  const [starting, setStarting] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const start = async (): Promise<void> => {
    setStarting(true);
    setFailure(null);
    try {
      const { room } = await createRoom();
      chooseFace(window.sessionStorage, room, identity);
      window.location.assign(`/call/#${room}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setStarting(false);
      setFailure(error.code);
    }
  };
  return { starting, failure, start: () => void start() };
}
