export interface TimeLeft {
  unit: "seconds" | "minutes" | "hours";
  count: number;
}

/** An estimate in the one unit a person would say it in. */
export function timeLeft(seconds: number): TimeLeft {
  if (seconds < 55) return { unit: "seconds", count: Math.max(5, Math.ceil(seconds / 5) * 5) };
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return { unit: "minutes", count: minutes };
  return { unit: "hours", count: Math.round(minutes / 60) };
}
