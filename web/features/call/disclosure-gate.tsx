"use client";

import { useId } from "react";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { Mask } from "@/components/ui/mask";
import { useI18n } from "@/i18n";
import type { Gate } from "@/lib/disclosure/gate";
import styles from "./disclosure-gate.module.css";

/** In place of a picture that may not be shown yet: what it will be, or why it is not there. */
export function DisclosureGate({ gate, onShow }: { gate: Gate; onShow(): void }) {
  const { t } = useI18n();
  const title = useId();
  if (gate.state === "open") return null;
  if (gate.state === "ask") {
    return (
      <section
        className={styles.gate}
        aria-labelledby={title}
        aria-live="polite"
        data-testid="disclosure-gate"
        data-gate="ask"
      >
        <Mask className={styles.mask} />
        <h2 id={title}>{t("gate.title")}</h2>
        {gate.kinds.map((kind) => (
          <p key={kind} data-kind={kind}>
            {t(`gate.kind.${kind}`)}
          </p>
        ))}
        <p>{t("gate.voice")}</p>
        <Button look="primary" data-testid="show-picture" onClick={onShow}>
          {t("gate.show")}
        </Button>
        <p className={styles.small}>
          <Icon name="check" size={16} /> {t("gate.verified")}
        </p>
      </section>
    );
  }
  if (gate.state === "failed") {
    return (
      <section
        className={styles.gate}
        aria-labelledby={title}
        role="alert"
        data-failed="true"
        data-testid="disclosure-gate"
        data-gate="failed"
        data-reason={gate.reason}
      >
        <h2 id={title}>{t("gate.failed")}</h2>
        <p>{t(`gate.failed.${gate.reason}`)}</p>
        <p>{t("gate.failedVoice")}</p>
      </section>
    );
  }
  return (
    <section className={styles.gate} role="status" data-testid="disclosure-gate" data-gate={gate.state}>
      <Mask className={styles.mask} />
      <p>{t(gate.state === "waiting" ? "gate.waiting" : "gate.undeclared")}</p>
    </section>
  );
}
