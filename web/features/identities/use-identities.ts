"use client";

import { useCallback, useEffect, useState } from "react";
import { ApiError } from "@/lib/call-server";
import { type Identity, listIdentities } from "@/lib/signalling/room-api";

export interface Identities {
  list: readonly Identity[] | null;
  failed: boolean;
  reload(): void;
}

/** The faces that can be worn; null while they load. */
export function useIdentities(): Identities {
  const [list, setList] = useState<readonly Identity[] | null>(null);
  const [failed, setFailed] = useState(false);
  const reload = useCallback(() => {
    setFailed(false);
    listIdentities().then(setList, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      setFailed(true);
    });
  }, []);
  useEffect(reload, [reload]);
  return { list, failed, reload };
}
