"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/text-field";
import { Problem } from "@/features/account/problem";
import { useAsking } from "@/features/account/use-asking";
import { useI18n } from "@/i18n";
import { licenceApi } from "@/lib/enrolment/licence-api";
import styles from "./enrol.module.css";

/** Who was sent a link and has no account goes on with a new one. */
export function Enter({ token, onEntered }: { token: string; onEntered(): void }) {
  const { t } = useI18n();
  const [name, setName] = useState("");
  const { busy, failure, run } = useAsking();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run(() => licenceApi.enter(token, name))) onEntered();
  };
  return (
    <form className={styles.enter} aria-labelledby="enter" onSubmit={(event) => void submit(event)}>
      <h2 id="enter">{t("enrol.enter")}</h2>
      <TextField
        label={t("account.name")}
        rule={t("enrol.enterRule")}
        value={name}
        maxLength={64}
        data-testid="enter-name"
        onText={setName}
      />
      <Problem code={failure} />
      <Button type="submit" look="primary" disabled={busy || name.trim() === ""} data-testid="enter">
        {t("enrol.enterGo")}
      </Button>
    </form>
  );
}
