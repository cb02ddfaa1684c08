"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { learningText } from "@/features/enrol/learning-text";
import { useI18n } from "@/i18n";
import { type Enrolled, enrolmentApi } from "@/lib/enrolment/enrolment-api";
import styles from "./account.module.css";
import { Confirm } from "./confirm";
import { Problem } from "./problem";
import { useAsking } from "./use-asking";

/** The faces that are being learned. */
export function UnderWay() {
  const { t } = useI18n();
  const [enrolments, setEnrolments] = useState<Enrolled[]>([]);
  const [leaving, setLeaving] = useState<Enrolled | null>(null);
  const { busy, failure, run } = useAsking();
  useEffect(() => {
    void run(async () => setEnrolments(await enrolmentApi.underWay()));
  }, [run]);
  const withdraw = async (one: Enrolled): Promise<void> => {
    await run(async () => {
      await enrolmentApi.withdraw(one.enrolment);
      setEnrolments(await enrolmentApi.underWay());
    });
    setLeaving(null);
  };
  return (
    <>
      <ul className={styles.list}>
        {enrolments.map((one) => (
          <li key={one.enrolment} className={styles.face} data-testid="under-way" data-state={one.state}>
            <h3>{one.title}</h3>
            <p>{learningText(t, one)}</p>
            <Button data-testid="withdraw" onClick={() => setLeaving(one)}>
              {t("account.revoke")}
            </Button>
          </li>
        ))}
      </ul>
      <Problem code={failure} />
      {leaving !== null && (
        <Confirm
          title={t("account.revokeTitle", { face: leaving.title })}
          text={t("account.withdrawText")}
          action={t("account.revoke")}
          busy={busy}
          onConfirm={() => void withdraw(leaving)}
          onClose={() => setLeaving(null)}
        />
      )}
    </>
  );
}
