"use client";

import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useI18n } from "@/i18n";
import styles from "./account.module.css";

/** Asks once more before something that cannot be undone; what is first in reach is not to do it. */
export function Confirm({
  title,
  text,
  action,
  busy,
  onConfirm,
  onClose,
}: {
  title: string;
  text: string;
  action: string;
  busy: boolean;
  onConfirm(): void;
  onClose(): void;
}) {
  const { t } = useI18n();
  return (
    <Dialog title={title} onClose={onClose} testId="confirm">
      <p className={styles.confirmText}>{text}</p>
      <div className={styles.actions}>
        <Button data-testid="confirm-no" onClick={onClose}>
          {t("account.keep")}
        </Button>
        <Button look="danger" disabled={busy} data-testid="confirm-yes" onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
