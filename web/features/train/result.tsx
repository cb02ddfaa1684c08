"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { failureText, useI18n } from "@/i18n";
import styles from "./train.module.css";
import { useCallWith } from "./use-call-with";

/** What came of it: a few seconds of the new face, and a call to wear it in. */
export function Result({ identity }: { identity: string }) {
  const { t } = useI18n();
  const { starting, failure, start } = useCallWith(identity);
  const [broken, setBroken] = useState(false);
  return (
    <div className={styles.result}>
      {!broken && (
        <figure>
          <video
            src={`/api/identities/${encodeURIComponent(identity)}/preview.mp4`}
            aria-label={t("train.clip", { name: identity })}
            data-testid="result-clip"
            controls
            loop
            muted
            playsInline
            preload="metadata"
            onError={() => setBroken(true)}
          />
          <figcaption>{t("train.clip", { name: identity })}</figcaption>
        </figure>
      )}
      <Button look="primary" disabled={starting} data-testid="call-with-face" onClick={start}>
        {t(starting ? "landing.starting" : "train.call")}
      </Button>
      {failure !== null && (
        <p role="alert" className={styles.problem}>
          {failureText(t, failure)}
        </p>
      )}
    </div>
  );
}
