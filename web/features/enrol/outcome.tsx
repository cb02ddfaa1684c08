"use client";

import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { CopyText } from "@/components/ui/copy-text";
import { useI18n } from "@/i18n";
import type { Offer } from "@/lib/enrolment/enrolment-api";
import type { EnrolmentVisit } from "@/lib/enrolment/enrolment-visit";
import styles from "./enrol.module.css";
import { endText } from "./enrolment-text";
import { learningText } from "./learning-text";
import { useEnrolled } from "./use-enrolled";

/** It was passed: the handle, this once, and how the learning goes on. */
export function Passed({ offer, visit }: { offer: Offer; visit: EnrolmentVisit }) {
  const { t } = useI18n();
  const enrolled = useEnrolled(offer.enrolment);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    visit.stop(); // the camera's light goes out
    heading.current?.focus();
  }, [visit]);
  return (
    <div className={styles.passed} data-testid="passed">
      <section className={styles.panel} aria-labelledby="passed">
        <h1 id="passed" ref={heading} tabIndex={-1}>
          {t("enrol.passed")}
        </h1>
        <p role="status" data-testid="learning" data-state={enrolled?.state ?? "passed"}>
          {learningText(t, enrolled)}
        </p>
        <p>{t("enrol.mayClose")}</p>
      </section>
      <section className={styles.handle} aria-labelledby="handle-title">
        <h2 id="handle-title">{t("enrol.handle")}</h2>
        <p>{t("enrol.handleOnce")}</p>
        <code data-testid="handle">{offer.handle}</code>
        <CopyText text={offer.handle} testId="copy-handle" />
        <p>{t("enrol.handleUse")}</p>
      </section>
      <a className={styles.onward} href="/account/" data-testid="to-account">
        {t("enrol.toAccount")}
      </a>
    </div>
  );
}

/** It came to nothing: why, and how to begin again. */
export function NotEnrolled({ end, onAgain, onBack }: { end: string; onAgain(): void; onBack(): void }) {
  const { t } = useI18n();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section
      className={styles.panel}
      aria-labelledby="not-enrolled"
      data-testid="not-enrolled"
      data-end={end}
    >
      <h1 id="not-enrolled" ref={heading} tabIndex={-1}>
        {t(end === "no_free_face_worker" ? "enrol.busy" : "enrol.notPassed")}
      </h1>
      <p role="alert">{endText(t, end)}</p>
      <p>{t("enrol.nothingKept")}</p>
      <div className={styles.actions}>
        <Button look="primary" data-testid="again" onClick={onAgain}>
          {t("enrol.again")}
        </Button>
        <Button look="quiet" data-testid="back" onClick={onBack}>
          {t("enrol.back")}
        </Button>
      </div>
    </section>
  );
}
