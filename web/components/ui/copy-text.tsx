"use client";

import { useState } from "react";
import { useI18n } from "@/i18n";
import { Button } from "./button";

/** A text that stands beside, to the clipboard. */
export function CopyText({ text, testId }: { text: string; testId: string }) {
  const { t } = useI18n();
  const [result, setResult] = useState<"copied" | "failed" | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setResult("copied");
    } catch {
      setResult("failed");
    }
  };
  return (
    <Button data-testid={testId} onClick={() => void copy()}>
      <span aria-live="polite">
        {t(result === null ? "enrol.copy" : result === "copied" ? "enrol.copied" : "enrol.copyFailed")}
      </span>
    </Button>
  );
}
