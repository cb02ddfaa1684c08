import { useId } from "react";
import { useI18n } from "@/i18n";
import styles from "./field.module.css";

const DAYS = [30, 90, 180, 365] as const;
export const USUAL_DAYS: number = DAYS[2];
const DAY_SECONDS = 24 * 3600;
/** A consent of a year is one of a year less an hour, so that no slow reader asks for longer than may be. */
const MARGIN_SECONDS = 3600;

/** When so many days from now are over; seconds since 1970. */
export function inDays(days: number): number {
  return Math.floor(Date.now() / 1000) + days * DAY_SECONDS - MARGIN_SECONDS;
}

/** For how long. */
export function DaysField({
  label,
  days,
  onDays,
}: {
  label: string;
  days: number;
  onDays(days: number): void;
}) {
  const { t } = useI18n();
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={days}
        data-testid="days"
        onChange={(event) => onDays(Number(event.target.value))}
      >
        {DAYS.map((count) => (
          <option key={count} value={count}>
            {t("enrol.days", { count })}
          </option>
        ))}
      </select>
    </div>
  );
}
