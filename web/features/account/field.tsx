"use client";

import { useId } from "react";
import styles from "./account.module.css";

/** A line to type into, with its name above and its rule below. */
export function Field({
  label,
  rule,
  value,
  testId,
  onChange,
}: {
  label: string;
  rule: string;
  value: string;
  testId: string;
  onChange(value: string): void;
}) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={value}
        maxLength={256}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={`${id}-rule`}
        data-testid={testId}
        onChange={(event) => onChange(event.target.value)}
      />
      <small id={`${id}-rule`}>{rule}</small>
    </div>
  );
}
