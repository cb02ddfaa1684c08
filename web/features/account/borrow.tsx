"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { CopyText } from "@/components/ui/copy-text";
import { DaysField, inDays, USUAL_DAYS } from "@/components/ui/days-field";
import { TextField } from "@/components/ui/text-field";
import { useI18n } from "@/i18n";
import { licenceApi, licenceLink } from "@/lib/enrolment/licence-api";
import styles from "./account.module.css";
import { Problem } from "./problem";
import { useAsking } from "./use-asking";

/** A link for somebody to lend this account their face. */
export function Borrow() {
  const { t } = useI18n();
  const [licensee, setLicensee] = useState("");
  const [days, setDays] = useState(USUAL_DAYS);
  const [link, setLink] = useState<string | null>(null);
  const { busy, failure, run } = useAsking();
  const make = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => {
      const token = await licenceApi.make(licensee, inDays(days));
      setLink(licenceLink(window.location.origin, token));
    });
  };
  return (
    <section className={styles.panel} aria-labelledby="borrow">
      <h2 id="borrow">{t("account.borrow")}</h2>
      <p>{t("account.borrowText")}</p>
      <form className={styles.form} onSubmit={make}>
        <TextField
          label={t("account.licensee")}
          rule={t("account.licenseeRule")}
          value={licensee}
          maxLength={64}
          data-testid="licensee"
          onText={setLicensee}
        />
        <DaysField label={t("enrol.until")} days={days} onDays={setDays} />
        <Button type="submit" disabled={busy || licensee.trim() === ""} data-testid="make-link">
          {t("account.makeLink")}
        </Button>
      </form>
      <Problem code={failure} />
      <div role="status" className={styles.link}>
        {link !== null && (
          <>
            <p>{t("account.linkMade")}</p>
            <code data-testid="lend-link">{link}</code>
            <CopyText text={link} testId="copy-lend-link" />
          </>
        )}
      </div>
    </section>
  );
}
