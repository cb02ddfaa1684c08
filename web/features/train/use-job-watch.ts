"use client";

import { useEffect, useMemo, useSyncExternalStore } from "react";
import { JobWatch, type Watched } from "@/lib/training/job-watch";
import type { TrainingApi } from "@/lib/training/training-api";

/** The jobs as they are now, and a way to look again at once. */
export function useJobWatch(api: TrainingApi): Watched & { look(): void } {
  const watch = useMemo(() => new JobWatch(() => api.jobs(), document), [api]);
  useEffect(() => watch.start(), [watch]);
  const watched = useSyncExternalStore(
    watch.subscribe,
    () => watch.current,
    () => watch.current,
  );
  return { ...watched, look: watch.look };
}
