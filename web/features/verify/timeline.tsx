"use client";

import { useI18n } from "@/i18n";
import type { MarkedInterval } from "@/lib/verification/verification-api";
import styles from "./verify.module.css";
import { clock, kindKey, placed } from "./verify-text";

const LENGTH = 1000;

/** Where in the video each mark lies: as a line to look at, and in words. */
export function Timeline({ intervals, seconds }: { intervals: readonly MarkedInterval[]; seconds: number }) {
  const { t } = useI18n();
  const between = ({ start, end }: MarkedInterval): string =>
    t("verify.interval", { start: clock(start), end: clock(end) });
  return (
    <>
      <svg
        className={styles.timeline}
        viewBox={`0 0 ${LENGTH} 20`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("verify.timeline", { parts: intervals.map(between).join(", ") })}
        data-testid="timeline"
      >
        <rect width={LENGTH} height="20" className={styles.unmarked} />
        {intervals.map((interval) => (
          <rect
            key={`${interval.start} ${interval.tag} ${interval.kind}`}
            {...placed(interval, seconds, LENGTH)}
            height="20"
            className={styles.marked}
            data-kind={interval.kind}
          />
        ))}
      </svg>
      <div className={styles.ends} aria-hidden="true">
        <span>{clock(0)}</span>
        <span>{clock(seconds)}</span>
      </div>
      <ul className={styles.intervals}>
        {intervals.map((interval) => (
          <li
            key={`${interval.start} ${interval.tag} ${interval.kind}`}
            data-kind={interval.kind}
            data-testid="interval"
          >
            <span className={styles.between}>{between(interval)}</span>
            <span>{t(kindKey(interval.kind))}</span>
            <span>{t("verify.tag", { tag: interval.tag })}</span>
            <span>{t("verify.interval.confidence", { confidence: interval.confidence.toFixed(1) })}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
