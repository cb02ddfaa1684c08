"use client";

import { useCallback, useEffect, useState } from "react";
import { ApiError } from "@/lib/call-server";
import type { Capture, TrainingApi } from "@/lib/training/training-api";

export interface Captures {
  /** null while they load. */
  list: readonly Capture[] | null;
  failure: string | null;
  reload(): void;
}

/** What a face can be learned from. */
export function useCaptures(api: TrainingApi): Captures {
  const [list, setList] = useState<readonly Capture[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const reload = useCallback(() => {
    setFailure(null);
    api.captures().then(setList, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.code);
    });
  }, [api]);
  useEffect(() => {
    reload();
    // Captures are made in a terminal: who comes back from there looks for a new one.
    window.addEventListener("focus", reload);
    return () => window.removeEventListener("focus", reload);
  }, [reload]);
  return { list, failure, reload };
}
