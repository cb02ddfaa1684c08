"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { type Receipt as CallReceipt, requestReceipt } from "@/lib/signalling/room-api";
import styles from "./call.module.css";

/**
 * After a call: that it is noted, and a signed checkpoint to keep. Nothing while there is none, or none to be had.
 *
 * left: the participant whose leaving ended the call.
 */
export function Receipt({ left }: { left: string }) {
  const { t } = useI18n();
  const [receipt, setReceipt] = useState<CallReceipt | null>(null);
  useEffect(() => {
    let wanted = true;
    requestReceipt(window.location.hash.slice(1), left).then(
      (answer) => wanted && setReceipt(answer),
      () => undefined, // the call was what mattered, and it is over
    );
    return () => {
      wanted = false;
    };
  }, [left]);

  if (receipt === null) return null;
  const { entries, seq, hash } = receipt;
  return (
    <div className={styles.receipt} data-testid="receipt">
      <p>{t("receipt.noted", { entries, checkpoint: `${seq}-${hash.slice(0, 8)}` })}</p>
      <Button data-testid="save-receipt" title={t("receipt.saveTitle")} onClick={() => save(receipt)}>
        {t("receipt.save")}
      </Button>
    </div>
  );
}

function save(receipt: CallReceipt): void {
  const file = new Blob([JSON.stringify({ origin: window.location.origin, ...receipt }, null, 2)], {
    type: "application/json",
  });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `talchum-receipt-${receipt.seq}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
