"use client";

import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { TrackVideo } from "@/components/ui/video";
import { failureText, useI18n } from "@/i18n";
import type { Wish } from "@/lib/enrolment/enrolment-api";
import type { EnrolmentSnapshot, EnrolmentVisit } from "@/lib/enrolment/enrolment-visit";
import styles from "./enrol.module.css";
import { askedText, remarkText } from "./enrolment-text";
import { NotEnrolled, Passed } from "./outcome";
import { PromptFigure } from "./prompt-figure";
import { useEnrolmentVisit } from "./use-enrolment-visit";

interface StudioProps {
  wish: Wish;
  onBack(): void;
}

/** The camera: what to look out for, then what to do, then how it ended. */
export function Studio({ wish, onBack }: StudioProps) {
  const opened = useEnrolmentVisit();
  if (opened === null) return null;
  const { visit, snapshot } = opened;
  const { phase, end, offer } = snapshot;
  if (phase === "over" && end === "passed" && offer !== null) return <Passed offer={offer} visit={visit} />;
  return (
    <div className={styles.studio}>
      <SelfView visit={visit} snapshot={snapshot} />
      {phase === "ready" && <Ready visit={visit} snapshot={snapshot} wish={wish} onBack={onBack} />}
      {phase === "over" && end !== null && (
        <NotEnrolled end={end} onAgain={() => void visit.begin(wish)} onBack={onBack} />
      )}
      {phase !== "ready" && phase !== "over" && <Acting visit={visit} snapshot={snapshot} />}
    </div>
  );
}

function SelfView({ visit, snapshot }: { visit: EnrolmentVisit; snapshot: EnrolmentSnapshot }) {
  const { t } = useI18n();
  const { camera, phase } = snapshot;
  return (
    <figure className={styles.view} data-acting={phase === "acting"}>
      {camera.failure === null ? (
        <TrackVideo track={camera.track} label={t("lobby.ownCamera")} mirrored testId="own-camera" />
      ) : (
        <div className={styles.noCamera} role="alert" data-testid="error-message" data-code={camera.failure}>
          <p>{camera.failure === "no_camera" ? t("enrol.noCamera") : failureText(t, camera.failure)}</p>
          <Button data-testid="camera-again" onClick={() => visit.openCamera()}>
            {t("lobby.tryAgain")}
          </Button>
        </div>
      )}
    </figure>
  );
}

function Ready({
  visit,
  snapshot,
  wish,
  onBack,
}: StudioProps & { visit: EnrolmentVisit; snapshot: EnrolmentSnapshot }) {
  const { t } = useI18n();
  const heading = useFocus();
  return (
    <section className={styles.panel} aria-labelledby="ready">
      <h1 id="ready" ref={heading} tabIndex={-1}>
        {t("enrol.ready")}
      </h1>
      <ul className={styles.facts}>
        <li>{t("enrol.ready.alone")}</li>
        <li>{t("enrol.ready.light")}</li>
        <li>{t("enrol.ready.place")}</li>
        <li>{t("enrol.ready.acts")}</li>
      </ul>
      <div className={styles.actions}>
        <Button
          look="primary"
          disabled={snapshot.camera.track === null}
          data-testid="begin"
          onClick={() => void visit.begin(wish)}
        >
          {t("enrol.begin")}
        </Button>
        <Button look="quiet" data-testid="back" onClick={onBack}>
          {t("enrol.back")}
        </Button>
      </div>
    </section>
  );
}

/** What is asked now, in large words and said aloud; nothing here is to be pressed but cancel. */
function Acting({ visit, snapshot }: { visit: EnrolmentVisit; snapshot: EnrolmentSnapshot }) {
  const { t, language } = useI18n();
  const { phase, prompt, done, left, begun } = snapshot;
  const heading = useFocus();
  const remark = remarkText(t, snapshot);
  return (
    <section className={styles.acting} aria-labelledby="asked" data-phase={phase} data-testid="acting">
      <h1 id="asked" ref={heading} tabIndex={-1} className={styles.small}>
        {begun ? t("enrol.progress", { done, all: done + left }) : t("enrol.title")}
      </h1>
      <progress
        className={styles.progress}
        aria-label={t("enrol.progressLabel")}
        value={done}
        max={Math.max(1, done + left)}
      />
      <div className={styles.asked} data-asked={prompt?.name ?? ""}>
        <div className={styles.hint}>
          <PromptFigure prompt={prompt?.name ?? null} />
        </div>
        <p className={styles.words} aria-live="assertive" aria-atomic="true" data-testid="prompt">
          {askedText(t, language, snapshot)}
        </p>
      </div>
      <p className={styles.remark} aria-live="polite" data-testid="remark">
        {remark}
      </p>
      <Button data-testid="cancel" onClick={() => void visit.cancel()}>
        {t("enrol.cancel")}
      </Button>
    </section>
  );
}

/** The heading of a step that has just begun takes the focus, so that it is read and the keyboard goes on from it. */
function useFocus() {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => ref.current?.focus(), []);
  return ref;
}
