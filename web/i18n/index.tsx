"use client";

/** The page's language: the stored choice, else the browser's, else English. */

import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from "react";
import { en, type Key } from "./en";
import { ko } from "./ko";

export type Language = "en" | "ko";
export type { Key };

export const LANGUAGES: Readonly<Record<Language, { name: string; texts: Readonly<Record<Key, string>> }>> = {
  en: { name: "English", texts: en },
  ko: { name: "한국어", texts: ko },
};

const STORED_AS = "talchum:language";
const CHANGED = "talchum:language-changed";

export type Translate = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

export interface I18n {
  language: Language;
  setLanguage(language: Language): void;
  t: Translate;
}

export function translator(language: Language): Translate {
  const { texts } = LANGUAGES[language];
  return (key, values) =>
    texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values?.[name] ?? whole));
}

/** One sentence in every language, for what others see of this page. */
export function inAllLanguages(key: Key): string[] {
  return Object.values(LANGUAGES).map(({ texts }) => texts[key]);
}

/** Whether there are plain words for a code of the server or the browser. */
export function hasFailureText(code: string): boolean {
  return Object.hasOwn(en, `error.${code}`);
}

/** The sentence for a code of the server or the browser, in plain words. */
export function failureText(t: Translate, code: string): string {
  return hasFailureText(code) ? t(`error.${code}` as Key) : t("error.unknown", { code });
}

function preferred(): Language {
  const stored = localStorage.getItem(STORED_AS);
  if (stored === "en" || stored === "ko") return stored;
  return navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener(CHANGED, onChange);
  return () => window.removeEventListener(CHANGED, onChange);
}

const Context = createContext<I18n>({ language: "en", setLanguage: () => undefined, t: translator("en") });

export function LanguageProvider({ children }: { children: ReactNode }) {
  const language = useSyncExternalStore(subscribe, preferred, () => "en" as const);
  const setLanguage = useCallback((chosen: Language) => {
    localStorage.setItem(STORED_AS, chosen);
    window.dispatchEvent(new Event(CHANGED));
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo(() => ({ language, setLanguage, t: translator(language) }), [language, setLanguage]);
  return <Context value={value}>{children}</Context>;
}

export function useI18n(): I18n {
  return useContext(Context);
}
