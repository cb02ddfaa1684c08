"use client";

import { useEffect, useId, useRef, useState } from "react";
import { useI18n } from "@/i18n";
import type { Terms } from "@/lib/verification/verification-api";
import styles from "./verify.module.css";
import { megabytes } from "./verify-text";

/** A video by the file dialog, or dropped anywhere on the page. */
export function FileChoice({ terms, onChosen }: { terms: Terms | null; onChosen(file: File): void }) {
  const { t, language } = useI18n();
  const id = useId();
  const [problem, setProblem] = useState<"file_too_large" | "file_empty" | null>(null);
  const take = (file: File | undefined): void => {
    if (file === undefined) return;
    const wrong =
      file.size === 0 ? "file_empty" : terms !== null && file.size > terms.maxBytes ? "file_too_large" : null;
    setProblem(wrong);
    if (wrong === null) onChosen(file);
  };
  const dragged = useDropAnywhere(take);
  const input = useRef<HTMLInputElement>(null);
  const takeChosen = (): void => {
    const file = input.current?.files?.[0];
    if (input.current !== null) input.current.value = ""; // the same file may be chosen again
    take(file);
  };
  useEffect(takeChosen); // one that was chosen before the page was ready
  return (
    <section className={styles.choice} data-dragged={dragged} data-testid="verify-choice">
      <label htmlFor={id} className={styles.choose}>
        <input
          ref={input}
          id={id}
          type="file"
          accept="video/*,.mkv,.ts,.mts"
          aria-describedby={`${id}-hint ${id}-problem`}
          data-testid="verify-file"
          onChange={takeChosen}
        />
        {t("verify.choose")}
      </label>
      <p id={`${id}-hint`} className={styles.hint}>
        {dragged ? (
          t("verify.dropHere")
        ) : (
          <>
            <span className={styles.dropping}>{t("verify.drop")} </span>
            {terms !== null && t("verify.limit", { megabytes: megabytes(terms.maxBytes, language) })}
          </>
        )}
      </p>
      <p id={`${id}-problem`} role="alert" className={styles.problem} data-testid="verify-problem">
        {problem !== null && t(`verify.failed.${problem}`)}
      </p>
    </section>
  );
}

/** Whether something is being dragged over the page; a file that is dropped is taken, wherever it falls. */
function useDropAnywhere(take: (file: File | undefined) => void): boolean {
  const [dragged, setDragged] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent): void => {
      event.preventDefault(); // else the browser leaves the page and plays the video
      setDragged(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setDragged(false);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setDragged(false);
      take(event.dataTransfer?.files[0]);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  });
  return dragged;
}
