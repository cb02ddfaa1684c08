"use client";

import { useState } from "react";
import { ApiError } from "@/lib/call-server";
import { isIdentityName } from "@/lib/training/identity-name";
import type { TrainingApi, TrainingOrder } from "@/lib/training/training-api";

/** Why an order was not taken: something is missing in it, or the server refused it. */
export type Problem = "capture" | "name" | "steps" | ApiError;

export interface OrderFields {
  capture: string | null;
  identity: string;
  /** Empty for the installation's usual number. */
  steps: string;
}

export interface OrderDesk {
  sending: boolean;
  problem: Problem | null;
  /** Resolves to whether it was taken. */
  send(fields: OrderFields): Promise<boolean>;
}

/** Checks an order for a training and sends it. */
export function useOrder(api: TrainingApi): OrderDesk {
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const send = async (fields: OrderFields): Promise<boolean> => {
    const order = orderOf(fields);
    if (typeof order === "string") {
      setProblem(order);
      return false;
    }
    setSending(true);
    setProblem(null);
    try {
      await api.start(order);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error);
      return false;
    } finally {
      setSending(false);
    }
  };
  return { sending, problem, send };
}

function orderOf({ capture, identity, steps }: OrderFields): TrainingOrder | "capture" | "name" | "steps" {
  if (capture === null) return "capture";
  if (!isIdentityName(identity)) return "name";
  if (steps === "") return { capture, identity };
  return /^[1-9]\d{0,6}$/.test(steps) ? { capture, identity, steps: Number(steps) } : "steps";
}
