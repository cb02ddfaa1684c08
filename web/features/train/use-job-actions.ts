"use client";

import { useState } from "react";
import { ApiError } from "@/lib/call-server";
import type { TrainingApi } from "@/lib/training/training-api";

export interface JobActions {
  asking: boolean;
  refusal: ApiError | null;
  cancel(): void;
  retry(): void;
}

/** Stopping a job and starting it once more. onAsked: the server has heard it. */
export function useJobActions(api: TrainingApi, job: string, onAsked: () => void): JobActions {
  const [asking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const ask = async (action: Promise<void>): Promise<void> => {
    setAsking(true);
    setRefusal(null);
    try {
      await action;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefusal(error);
    } finally {
      setAsking(false);
      onAsked();
    }
  };
  return {
    asking,
    refusal,
    cancel: () => void ask(api.cancel(job)),
    retry: () => void ask(api.retry(job)),
  };
}
