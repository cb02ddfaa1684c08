"use client";

import { LANGUAGES, type Language, useI18n } from "@/i18n";
import { Mask } from "./mask";
import styles from "./site-header.module.css";

/** Name and language of every page outside the call itself. */
export function SiteHeader() {
  const { t, language, setLanguage } = useI18n();
  return (
    <header className={styles.header}>
      {/* A full load on purpose: going home ends whatever this page held. */}
      <a href="/" className={styles.brand}>
        <Mask className={styles.mask} />
        <span>
          <span className={styles.latin} lang="en">
            Talchum
          </span>
          <span className={styles.hangul} lang="ko">
            탈춤
          </span>
        </span>
      </a>
      <fieldset className={styles.languages}>
        <legend className="visually-hidden">{t("language.label")}</legend>
        {(Object.keys(LANGUAGES) as Language[]).map((code) => (
          <button
            key={code}
            type="button"
            lang={code}
            aria-pressed={code === language}
            data-testid={`language-${code}`}
            onClick={() => setLanguage(code)}
          >
            {LANGUAGES[code].name}
          </button>
        ))}
      </fieldset>
    </header>
  );
}
