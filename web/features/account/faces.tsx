"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { type Translate, useI18n } from "@/i18n";
import { accountApi, type FaceConsent } from "@/lib/account/account-api";
import styles from "./account.module.css";
import { Confirm } from "./confirm";
import { dayText } from "./day-text";
import { Problem } from "./problem";
import { UnderWay } from "./under-way";
import { useAsking } from "./use-asking";

/** The consents that one gave, and those that name one. */
export function Faces({ onSignedOut }: { onSignedOut(): void }) {
  const { t } = useI18n();
  const [faces, setFaces] = useState<FaceConsent[] | null>(null);
  const [revoking, setRevoking] = useState<FaceConsent | null>(null);
  const { busy, failure, run } = useAsking();
  useEffect(() => {
    void run(async () => setFaces(await accountApi.faces()));
  }, [run]);
  useEffect(() => {
    if (failure === "signed_out") onSignedOut();
  }, [failure, onSignedOut]);
  const revoke = async (face: FaceConsent): Promise<void> => {
    await run(async () => setFaces(await accountApi.revoke(face.consent)));
    setRevoking(null);
  };
  return (
    <section className={styles.panel} aria-labelledby="faces">
      <h2 id="faces">{t("account.faces")}</h2>
      {faces?.length === 0 && <p data-testid="no-faces">{t("account.facesNone")}</p>}
      <ul className={styles.list}>
        {faces?.map((face) => (
          <Face key={face.consent} face={face} onRevoke={() => setRevoking(face)} />
        ))}
      </ul>
      <UnderWay />
      <p>{t("account.enrolText")}</p>
      <a className={styles.away} href="/enrol/" data-testid="enrol">
        {t("account.enrol")}
      </a>
      <Problem code={failure} />
      {revoking !== null && (
        <Confirm
          title={t("account.revokeTitle", { face: revoking.identity })}
          text={t("account.revokeText")}
          action={t("account.revoke")}
          busy={busy}
          onConfirm={() => void revoke(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </section>
  );
}

function Face({ face, onRevoke }: { face: FaceConsent; onRevoke(): void }) {
  const { t, language } = useI18n();
  return (
    <li className={styles.face} data-testid="face" data-ended={face.endedAt !== null}>
      <h3>{face.identity}</h3>
      <p className={styles.whose}>{t(face.given ? "account.given" : "account.namesYou")}</p>
      <p>{whoWears(t, face)}</p>
      <blockquote>{face.statement[language]}</blockquote>
      <p data-testid="until">
        {face.endedAt === null
          ? t("account.until", { day: dayText(language, face.expiresAt) })
          : endText(t, face, dayText(language, face.endedAt))}
      </p>
      {face.given && face.endedAt === null && (
        <Button data-testid="revoke" onClick={onRevoke}>
          {t("account.revoke")}
        </Button>
      )}
    </li>
  );
}

function whoWears(t: Translate, face: FaceConsent): string {
  if (face.scope === "self") return t("account.scopeSelf");
  return t("account.scopeLicensed", { licensee: face.licensee, count: face.wearers });
}

function endText(t: Translate, face: FaceConsent, day: string): string {
  switch (face.reason) {
    case "subject":
      return t("account.ended.subject", { day });
    case "operator":
      return t("account.ended.operator", { day });
    case "expired":
      return t("account.ended.expired", { day });
    default:
      return t("account.ended.other", { day });
  }
}
