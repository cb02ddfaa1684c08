import type { Language } from "@/i18n";

/** A day as people write it; seconds: since 1970. */
export function dayText(language: Language, seconds: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(seconds * 1000);
}
