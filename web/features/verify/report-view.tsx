"use client";

import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import type { LoggedLeg, Report } from "@/lib/verification/verification-api";
import { ReportJson } from "./report-json";
import { Timeline } from "./timeline";
import styles from "./verify.module.css";
import {
  CREDENTIALS_LOOK,
  clock,
  credentialsNote,
  disagreementKey,
  type FindingLook,
  kindKey,
  LEAST_CONFIDENCE,
  moment,
  percent,
  verdictName,
} from "./verify-text";

/** What was found in a video, first in one sentence, then each mark for itself. */
export function ReportView({ name, report, onAnother }: { name: string; report: Report; onAnother(): void }) {
  const { t } = useI18n();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const verdict = verdictName(report);
  const note = credentialsNote(report);
  const { credentials } = report;
  return (
    <>
      <section
        className={styles.verdict}
        data-verdict={report.verdict}
        data-name={verdict}
        data-testid="verdict"
        aria-labelledby="verdict"
      >
        <p className={styles.name}>{t("verify.file", { name })}</p>
        <h2 id="verdict" ref={heading} tabIndex={-1}>
          {t(`verify.verdict.${verdict}`)}
        </h2>
        <p>{t(`verify.verdict.${verdict}.text`)}</p>
        {verdict === "inconsistent" && (
          <ul data-testid="disagreements">
            {report.disagreements.map((code) => (
              <li key={code}>{t(disagreementKey(code), { code })}</li>
            ))}
          </ul>
        )}
        {note !== null && <p data-testid="credentials-note">{t(note)}</p>}
        {report.truncated && <p>{t("verify.truncated")}</p>}
        <div className={styles.actions}>
          <Button data-testid="verify-another" onClick={onAnother}>
            {t("verify.another")}
          </Button>
        </div>
      </section>
      <section className={styles.details} aria-labelledby="details">
        <h2 id="details">{t("verify.details")}</h2>
        <Mark report={report} />
        <Badge badge={report.badge} />
        <Finding
          title={t("verify.credentials")}
          testId="finding-credentials"
          look={CREDENTIALS_LOOK[credentials.state]}
          status={t(`verify.credentials.${credentials.state}.short`)}
        >
          <p>{t(`verify.credentials.${credentials.state}`)}</p>
          <Tags tags={credentials.tags} />
        </Finding>
        <Log log={report.log} />
        <ReportJson report={report} />
      </section>
    </>
  );
}

/** One kind of evidence. status: in a word or two whether it is there; the page's own words where left out. */
function Finding({
  title,
  testId,
  look,
  status,
  children,
}: {
  title: string;
  testId: string;
  look: FindingLook;
  status?: string;
  children: ReactNode;
}) {
  const { t } = useI18n();
  return (
    <section className={styles.finding} data-testid={testId} data-look={look}>
      <h3>{title}</h3>
      <div>
        <p className={styles.status}>{status ?? t(look === "found" ? "verify.found" : "verify.missing")}</p>
        {children}
      </div>
    </section>
  );
}

function Mark({ report: { mark, seconds } }: { report: Report }) {
  const { t } = useI18n();
  const figures = { confidence: mark.confidence.toFixed(1), least: LEAST_CONFIDENCE };
  const found = mark.intervals.length > 0;
  return (
    <Finding title={t("verify.mark")} testId="finding-mark" look={found ? "found" : "missing"}>
      <p>
        {found
          ? t("verify.mark.found", { ...figures, marked: clock(mark.seconds), whole: clock(seconds) })
          : t("verify.mark.none", figures)}{" "}
        {found && mark.partial && t("verify.mark.partial")}{" "}
        {found && mark.mirrored && t("verify.mark.mirrored")}
      </p>
      {found && <Timeline intervals={mark.intervals} seconds={seconds} />}
    </Finding>
  );
}

function Badge({ badge: { pictures, read, tags } }: Pick<Report, "badge">) {
  const { t, language } = useI18n();
  return (
    <Finding title={t("verify.badge")} testId="finding-badge" look={read > 0 ? "found" : "missing"}>
      <p>
        {read === 0
          ? t("verify.badge.none", { pictures })
          : t("verify.badge.read", { read, pictures, percent: percent(read / pictures, language) })}
      </p>
      <Tags
        tags={Object.entries(tags).map(([tag, count]) =>
          Object.keys(tags).length > 1 ? t("verify.badge.tag", { tag, count }) : tag,
        )}
      />
    </Finding>
  );
}

function Tags({ tags }: { tags: readonly string[] }) {
  const { t } = useI18n();
  if (tags.length === 0) return null;
  return (
    <ul className={styles.tags}>
      {tags.map((tag) => (
        <li key={tag}>{t("verify.tag", { tag })}</li>
      ))}
    </ul>
  );
}

function Log({ log }: Pick<Report, "log">) {
  const { t } = useI18n();
  const legs = Object.entries(log ?? {});
  const known = legs.some(([, leg]) => leg !== null);
  return (
    <Finding
      title={t("verify.log")}
      testId="finding-log"
      look={known ? "found" : "missing"}
      {...(legs.length === 0 && { status: t("verify.notAsked") })}
    >
      {log === null && <p>{t("verify.log.away")}</p>}
      {log !== null && legs.length === 0 && <p>{t("verify.log.nothing")}</p>}
      {legs.map(([tag, leg]) => (
        <Leg key={tag} tag={tag} leg={leg} />
      ))}
      {known && <p>{t("verify.log.compare")}</p>}
    </Finding>
  );
}

function Leg({ tag, leg }: { tag: string; leg: LoggedLeg | null }) {
  const { t, language } = useI18n();
  if (leg === null) return <p>{t("verify.log.unknown", { tag })}</p>;
  const kinds = leg.kinds.map((kind) => t(kindKey(kind))).join(", ");
  return (
    <div data-testid="logged-leg" data-tag={tag}>
      <p>{t("verify.log.known", { tag })}</p>
      <ul className={styles.leg}>
        {leg.started !== null && <li>{t("verify.log.started", { time: moment(leg.started, language) })}</li>}
        {leg.ended !== null && <li>{t("verify.log.ended", { time: moment(leg.ended, language) })}</li>}
        {kinds !== "" && <li>{t("verify.log.worn", { kinds })}</li>}
        {leg.revoked !== null && (
          <li className={styles.revoked}>
            {t("verify.log.revoked", { time: moment(leg.revoked, language) })}
          </li>
        )}
      </ul>
    </div>
  );
}
