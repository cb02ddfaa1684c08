"use client";

import { engineKey } from "@/features/call/leg-text";
import { useI18n } from "@/i18n";
import type { CallSnapshot } from "@/lib/rtc/call-snapshot";
import styles from "./figures.module.css";

/** How the call is connected and how late its picture is; more on request. */
export function Figures({ snapshot }: { snapshot: CallSnapshot }) {
  const { t } = useI18n();
  const { remote, delayMs, leg, voiceDelayMs } = snapshot;
  const figures = remote?.figures;
  if (remote === null || figures == null || figures.route === null) return null;
  const { route, roundTripTime } = figures;
  const way = remote.relay?.way ?? "client";
  // Of the picture that is shown.
  const { video } = (way === "server" ? remote.relay?.figures : null) ?? figures;
  const engine = engineKey(leg);
  const fallback = leg.report?.fallback === true;
  const milliseconds = (seconds: number | null): string =>
    seconds === null ? t("delay.unknown") : t("delay.figure", { ms: Math.round(seconds * 1000) });
  return (
    <details className={styles.figures}>
      <summary>
        <span data-testid="route-badge" data-route={route} title={t(`route.${route}Title`)}>
          <span className={styles.dot} data-route={route} aria-hidden="true" />
          {t(`route.${route}`)}
        </span>
        <span data-testid="delay-figure" data-ms={delayMs ?? ""} title={t("delay.title")}>
          {delayMs === null ? t("delay.unknown") : t("delay.figure", { ms: delayMs })}
        </span>
      </summary>
      <dl>
        <dt>{t("stats.picture")}</dt>
        <dd>
          {video.width}×{video.height}, {Math.round(video.framesPerSecond)}/s
        </dd>
        {remote.state.face !== null && (
          <>
            <dt>{t("stats.way")}</dt>
            <dd data-testid="way-figure" data-way={way}>
              {t(way === "server" ? "way.server" : "way.client")}
            </dd>
          </>
        )}
        <dt>{t("stats.roundTrip")}</dt>
        <dd>{milliseconds(roundTripTime)}</dd>
        <dt>{t("stats.faceLoop")}</dt>
        <dd>{milliseconds(leg.loopDelay)}</dd>
        {engine !== null && (
          <>
            <dt>{t("stats.engine")}</dt>
            <dd data-testid="engine-figure" data-engine={leg.engine} data-fallback={fallback}>
              {t(engine)}
            </dd>
          </>
        )}
        <dt>{t("stats.voiceDelay")}</dt>
        <dd>{t("delay.figure", { ms: voiceDelayMs })}</dd>
      </dl>
      {fallback && <p>{t("leg.fallback")}</p>}
      <p>{way === "server" ? t("way.serverNote") : t(`route.${route}Title`)}</p>
    </details>
  );
}
