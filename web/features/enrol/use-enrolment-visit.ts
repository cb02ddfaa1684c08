"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import { type EnrolmentSnapshot, EnrolmentVisit } from "@/lib/enrolment/enrolment-visit";

const nothing = () => () => undefined;

/** One visit before the camera, which opens with it; null until the page runs in a browser. */
export function useEnrolmentVisit(): { visit: EnrolmentVisit; snapshot: EnrolmentSnapshot } | null {
  const [visit, setVisit] = useState<EnrolmentVisit | null>(null);
  useEffect(() => {
    const created = new EnrolmentVisit({ origin: window.location.origin });
    created.openCamera();
    setVisit(created);
    return () => created.stop();
  }, []);
  const snapshot = useSyncExternalStore(
    visit?.subscribe ?? nothing,
    () => visit?.snapshot ?? null,
    () => null,
  );
  return visit === null || snapshot === null ? null : { visit, snapshot };
}
