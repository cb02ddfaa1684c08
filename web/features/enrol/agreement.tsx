"use client";

import { type FormEvent, useEffect, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/text-field";
import { Problem } from "@/features/account/problem";
import { useAsking } from "@/features/account/use-asking";
import { useI18n } from "@/i18n";
import { enrolmentApi, type Statement, type Wish } from "@/lib/enrolment/enrolment-api";
import styles from "./enrol.module.css";

const DAYS = [30, 90, 180, 365] as const;
const DAY_SECONDS = 24 * 3600;
/** A consent of a year is one of a year less a moment, so that no slow reader asks for longer than may be. */
const MARGIN_SECONDS = 3600;
const LONGEST_TITLE = 64;

/** The statement to read, what else is to be decided, and the person's word. */
export function Agreement({ onAgreed }: { onAgreed(wish: Wish): void }) {
  const { t, language } = useI18n();
  const [title, setTitle] = useState("");
  const [days, setDays] = useState<number>(DAYS[2]);
  const [agreed, setAgreed] = useState(false);
  const [adult, setAdult] = useState(false);
  const [keeps, setKeeps] = useState(false);
  const { statement, expiresAt, failure } = useStatement(days);
  const until = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onAgreed({ title: title.trim(), expiresAt, agreed, adult, keeps });
  };
  return (
    <form className={styles.agreement} onSubmit={submit} data-testid="agreement">
      <section className={styles.panel} aria-labelledby="what-happens">
        <h2 id="what-happens">{t("enrol.what")}</h2>
        <ul className={styles.facts}>
          <li>{t("enrol.what.live")}</li>
          <li>{t("enrol.what.checked")}</li>
          <li>{t("enrol.what.kept")}</li>
          <li>{t("enrol.what.back")}</li>
        </ul>
      </section>
      <section className={styles.panel} aria-labelledby="choices">
        <h2 id="choices">{t("enrol.choices")}</h2>
        <TextField
          label={t("enrol.name")}
          rule={t("enrol.nameRule")}
          value={title}
          maxLength={LONGEST_TITLE}
          required
          data-testid="title"
          onText={setTitle}
        />
        <div className={styles.field}>
          <label htmlFor={until}>{t("enrol.until")}</label>
          <select
            id={until}
            value={days}
            data-testid="days"
            onChange={(event) => {
              setDays(Number(event.target.value));
              setAgreed(false);
            }}
          >
            {DAYS.map((count) => (
              <option key={count} value={count}>
                {t("enrol.days", { count })}
              </option>
            ))}
          </select>
        </div>
      </section>
      <section className={styles.panel} aria-labelledby="statement">
        <h2 id="statement">{t("enrol.statement")}</h2>
        <blockquote className={styles.statement} data-testid="statement" aria-busy={statement === null}>
          {statement?.[language]}
        </blockquote>
        <Problem code={failure} />
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

/** The words that would be signed for so many days from now. */
function useStatement(days: number): {
  statement: Statement | null;
  expiresAt: number;
  failure: string | null;
} {
  const [expiresAt, setExpiresAt] = useState(0);
  const [statement, setStatement] = useState<Statement | null>(null);
  const { failure, run } = useAsking();
  useEffect(() => {
    let current = true;
    const ends = Math.floor(Date.now() / 1000) + days * DAY_SECONDS - MARGIN_SECONDS;
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
