"use client";

import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useI18n } from "@/i18n";
import styles from "./face-picker.module.css";

/** The separate question before a camera is shown as it is; "no" is the default answer. */
export function OwnFaceDialog({ onConfirm, onCancel }: { onConfirm(): void; onCancel(): void }) {
  const { t } = useI18n();
  return (
    <Dialog title={t("own.title")} onClose={onCancel} testId="own-face-dialog">
      <p>{t("own.text")}</p>
      <div className={styles.answers}>
        <Button look="primary" data-testid="own-face-cancel" onClick={onCancel}>
          {t("own.cancel")}
        </Button>
        <Button data-testid="own-face-confirm" onClick={onConfirm}>
          {t("own.confirm")}
        </Button>
      </div>
    </Dialog>
  );
}
