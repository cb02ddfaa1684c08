"use client";

import { useCallback, useState } from "react";
import { ApiError } from "@/lib/call-server";

export interface Asking {
  busy: boolean;
  /** Code of what went wrong last, null when nothing did. */
  failure: string | null;
  /** Whether it went well; an ApiError becomes the failure. */
  run(action: () => Promise<void>): Promise<boolean>;
}

/** One thing at a time that is asked of the call server. */
export function useAsking(): Asking {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const run = useCallback(async (action: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    setFailure(null);
    try {
      await action();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.code);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, failure, run };
}
