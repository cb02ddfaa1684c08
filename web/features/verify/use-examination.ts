"use client";

import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { Examination, type Progress } from "@/lib/verification/examination";
import { type Terms, verificationApi } from "@/lib/verification/verification-api";

/** The examination of this page; it ends, and its file goes, with the page. */
export function useExamination(): { progress: Progress; start(file: File): void; cancel(): void } {
  const examination = useMemo(() => new Examination(verificationApi), []);
  useEffect(() => {
    window.addEventListener("pagehide", examination.cancel);
    return () => {
      window.removeEventListener("pagehide", examination.cancel);
      examination.cancel();
    };
  }, [examination]);
  const progress = useSyncExternalStore(
    examination.subscribe,
    () => examination.current,
    () => examination.current,
  );
  return { progress, start: (file) => void examination.start(file), cancel: examination.cancel };
}

/** Whether videos are taken here, and how large; null until that is known. */
export function useTerms(): Terms | null {
  const [terms, setTerms] = useState<Terms | null>(null);
  useEffect(() => {
    let wanted = true;
    verificationApi.terms().then(
      (answer) => wanted && setTerms(answer),
      () => undefined, // choosing a file says what is wrong
    );
    return () => {
      wanted = false;
    };
  }, []);
  return terms;
}
