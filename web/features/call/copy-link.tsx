"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { useI18n } from "@/i18n";

/** The link of this call to the clipboard; where that is refused, the link itself to copy by hand. */
export function CopyLink({ className }: { className?: string }) {
  const { t } = useI18n();
  const [result, setResult] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (result !== "copied") return;
    const timer = setTimeout(() => setResult(null), 2_500);
    return () => clearTimeout(timer);
  }, [result]);

  const link = (): string => `${window.location.origin}/call/${window.location.hash}`;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link());
      setResult("copied");
    } catch {
      setResult("failed");
    }
  };
  return (
    <>
      <Button
        look={className === undefined ? "plain" : null}
        className={className}
        data-testid="copy-link"
        onClick={() => void copy()}
      >
        <Icon name={result === "copied" ? "check" : "link"} />
        <span aria-live="polite">{t(result === "copied" ? "call.copied" : "call.copyLink")}</span>
      </Button>
      {result === "failed" && <output>{t("call.copyFailed", { link: link() })}</output>}
    </>
  );
}
