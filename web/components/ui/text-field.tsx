import { type InputHTMLAttributes, useId } from "react";
import styles from "./field.module.css";

/** A line to type into, with its name above and its rule below; what else an <input> takes goes through. */
export function TextField({
  label,
  rule,
  onText,
  ...rest
}: {
  label: string;
  rule: string;
  onText(text: string): void;
} & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={`${id}-rule`}
        onChange={(event) => onText(event.target.value)}
        {...rest}
      />
      <small id={`${id}-rule`}>{rule}</small>
    </div>
  );
}
