"use client";

import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Mask } from "@/components/ui/mask";
import { SiteHeader } from "@/components/ui/site-header";
import { failureText, useI18n } from "@/i18n";
import { ApiError } from "@/lib/call-server";
import { createRoom } from "@/lib/signalling/room-api";
import styles from "./landing.module.css";
import { roomOf } from "./room-of";

const STEPS = ["how1", "how2", "how3"] as const;

/** The first page: start a call, join one, and what this is. */
export function Landing() {
  const { t } = useI18n();
  return (
    <>
      <SiteHeader />
      <main className={styles.main}>
        <section className={styles.hero}>
          <div>
            <h1 className={styles.title}>{t("landing.title")}</h1>
            <p className={styles.lead}>{t("landing.lead")}</p>
            <Begin />
          </div>
          <div className={styles.figure}>
            <Mask className={styles.mask} label={t("landing.maskAlt")} />
          </div>
        </section>
        <div className={styles.saekdong} aria-hidden="true" />
        <ol className={styles.steps}>
          {STEPS.map((step) => (
            <li key={step}>
              <h2>{t(`landing.${step}.title`)}</h2>
              <p>{t(`landing.${step}.text`)}</p>
            </li>
          ))}
        </ol>
        <p className={styles.consent}>{t("landing.consent")}</p>
      </main>
      <footer className={styles.footer}>
        <p>{t("landing.madeBy")}</p>
        <p>
          <a href="/account/" data-testid="account-link">
            {t("landing.account")}
          </a>
          <a href="/verify/" data-testid="verify-link">
            {t("landing.verify")}
          </a>
        </p>
      </footer>
    </>
  );
}

function Begin() {
  const { t } = useI18n();
  const [starting, setStarting] = useState(false);
  const [link, setLink] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const linkId = useId();

  const start = async (): Promise<void> => {
    setStarting(true);
    setProblem(null);
    try {
      const { room } = await createRoom();
      window.location.assign(`/call/#${room}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setStarting(false);
      setProblem(failureText(t, error.code));
    }
  };

  const join = (event: FormEvent): void => {
    event.preventDefault();
    const room = roomOf(link);
    if (room === null) setProblem(t("landing.joinInvalid"));
    else window.location.assign(`/call/#${room}`);
  };

  return (
    <div className={styles.begin}>
      <Button
        look="primary"
        className={styles.start}
        disabled={starting}
        data-testid="new-call"
        onClick={() => void start()}
      >
        {starting ? t("landing.starting") : t("landing.new")}
      </Button>
      <form className={styles.join} onSubmit={join}>
        <label htmlFor={linkId}>{t("landing.joinLabel")}</label>
        <div>
          <input
            id={linkId}
            value={link}
            placeholder={t("landing.joinPlaceholder")}
            autoComplete="off"
            spellCheck={false}
            data-testid="join-link"
            onChange={(event) => setLink(event.target.value)}
          />
          <Button type="submit" data-testid="join-room">
            {t("landing.join")}
          </Button>
        </div>
      </form>
      <p role="alert" className={styles.problem} data-testid={problem === null ? undefined : "error-message"}>
        {problem}
      </p>
    </div>
  );
}
