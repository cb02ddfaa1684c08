"use client";

import { type FormEvent, useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { DaysField, inDays, USUAL_DAYS } from "@/components/ui/days-field";
import { TextField } from "@/components/ui/text-field";
import { Problem } from "@/features/account/problem";
import { useAsking } from "@/features/account/use-asking";
import { useI18n } from "@/i18n";
import { enrolmentApi, type Statement, type Wish } from "@/lib/enrolment/enrolment-api";
import type { Licence } from "@/lib/enrolment/licence-api";
import styles from "./enrol.module.css";

const LONGEST_TITLE = 64;

interface AgreementProps {
  /** What a link asks for, and its token; null for a face that only its person wears. */
  lending: { token: string; licence: Licence } | null;
  onAgreed(wish: Wish): void;
}

/** The statement to read, what else is to be decided, and the person's word. */
export function Agreement({ lending, onAgreed }: AgreementProps) {
  const { t, language } = useI18n();
  const [title, setTitle] = useState("");
  const [days, setDays] = useState(USUAL_DAYS);
  const [agreed, setAgreed] = useState(false);
  const [adult, setAdult] = useState(false);
  const [keeps, setKeeps] = useState(false);
  const own = useStatement(lending === null ? days : null);
  const statement = lending === null ? own.statement : lending.licence.statement;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const what = lending === null ? { expiresAt: own.expiresAt } : { licence: lending.token };
    onAgreed({ ...what, title: title.trim(), agreed, adult, keeps });
  };
  return (
    <form className={styles.agreement} onSubmit={submit} data-testid="agreement">
      <section className={styles.panel} aria-labelledby="what-happens">
        <h2 id="what-happens">{t("enrol.what")}</h2>
        <ul className={styles.facts}>
          <li>{t("enrol.what.live")}</li>
          <li>{t("enrol.what.checked")}</li>
          <li>{t("enrol.what.kept")}</li>
          {lending === null && <li>{t("enrol.what.template")}</li>}
          <li>{t("enrol.what.back")}</li>
        </ul>
      </section>
      <section className={styles.panel} aria-labelledby="choices">
        <h2 id="choices">{t("enrol.choices")}</h2>
        <TextField
          label={t("enrol.name")}
          rule={t(lending === null ? "enrol.nameRule" : "enrol.nameRuleLent")}
          value={title}
          maxLength={LONGEST_TITLE}
          required
          data-testid="title"
          onText={setTitle}
        />
        {lending === null && (
          <DaysField
            label={t("enrol.until")}
            days={days}
            onDays={(chosen) => {
              setDays(chosen);
              setAgreed(false);
            }}
          />
        )}
      </section>
      <section className={styles.panel} aria-labelledby="statement">
        <h2 id="statement">{t("enrol.statement")}</h2>
        <blockquote className={styles.statement} data-testid="statement" aria-busy={statement === null}>
          {statement?.[language]}
        </blockquote>
        <Problem code={own.failure} />
        <Check checked={agreed} onCheck={setAgreed} label={t("enrol.agreed")} testId="agreed" />
        <Check checked={adult} onCheck={setAdult} label={t("enrol.adult")} testId="adult" />
        <Check checked={keeps} onCheck={setKeeps} label={t("enrol.keeps")} testId="keeps" />
        <Button
          type="submit"
          look="primary"
          disabled={statement === null || !agreed || !adult || title.trim() === ""}
          data-testid="to-camera"
        >
          {t("enrol.toCamera")}
        </Button>
      </section>
    </form>
  );
}

function Check({
  checked,
  onCheck,
  label,
  testId,
}: {
  checked: boolean;
  onCheck(checked: boolean): void;
  label: string;
  testId: string;
}) {
  return (
    <label className={styles.check}>
      <input
        type="checkbox"
        checked={checked}
        data-testid={testId}
        onChange={(event) => onCheck(event.target.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

/** The words that would be signed for so many days from now; null: nobody asks. */
function useStatement(days: number | null): {
  statement: Statement | null;
  expiresAt: number;
  failure: string | null;
} {
  const [expiresAt, setExpiresAt] = useState(0);
  const [statement, setStatement] = useState<Statement | null>(null);
  const { failure, run } = useAsking();
  useEffect(() => {
    if (days === null) return;
    let current = true;
    const ends = inDays(days);
    setStatement(null);
    void run(async () => {
      const words = await enrolmentApi.statement(ends);
      if (!current) return;
      setExpiresAt(ends);
      setStatement(words);
    });
    return () => {
      current = false;
    };
  }, [days, run]);
  return { statement, expiresAt, failure };
}
