"use client";

import { useCallback, useEffect, useState } from "react";
import { forgetOperatorToken, takeOperatorToken } from "@/lib/training/operator-token";

export interface OperatorToken {
  /** undefined until the page runs in a browser, null where there is none. */
  value: string | null | undefined;
  /** The server does not know it. */
  refused: boolean;
  refuse(): void;
}

/** The operator's token: of the link this tab was opened with, or of one that was pasted into it since. */
export function useOperatorToken(): OperatorToken {
  const [value, setValue] = useState<string | null>();
  const [refused, setRefused] = useState(false);
  useEffect(() => {
    const take = (): void => {
      const taken = takeOperatorToken(window);
      setValue(taken);
      if (taken !== null) setRefused(false);
    };
    take();
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  const refuse = useCallback(() => {
    forgetOperatorToken(window.sessionStorage);
    setRefused(true);
    setValue(null);
  }, []);
  return { value, refused, refuse };
}
