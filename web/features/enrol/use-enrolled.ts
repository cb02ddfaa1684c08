"use client";

import { useEffect, useState } from "react";
import { ApiError } from "@/lib/call-server";
import { type Enrolled, enrolmentApi } from "@/lib/enrolment/enrolment-api";

const EVERY_MS = 3_000;

/** How a passed enrolment stands, looked at until its face is there; null before the first answer. */
export function useEnrolled(enrolment: string): Enrolled | null {
  const [enrolled, setEnrolled] = useState<Enrolled | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const look = async (): Promise<void> => {
      let over = false;
      try {
        const seen = await enrolmentApi.show(enrolment);
        if (gone) return;
        setEnrolled(seen);
        over = seen.state === "granted" || seen.state === "dropped";
      } catch (error) {
        if (!(error instanceof ApiError)) throw error; // the next look may have an answer
      }
      if (!gone && !over) timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [enrolment]);
  return enrolled;
}
