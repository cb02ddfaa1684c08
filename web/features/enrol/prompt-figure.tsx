import styles from "./prompt-figure.module.css";

/** A head that does what is asked, as in a mirror: the person's left is on the left. */
export function PromptFigure({ prompt }: { prompt: string | null }) {
  const act = prompt ?? "rest";
  return (
    <svg className={styles.figure} viewBox="0 0 120 120" aria-hidden="true" data-act={act}>
      <path className={styles.shoulders} d="M18 118c4-20 20-28 42-28s38 8 42 28Z" />
      <g className={styles.head}>
        <ellipse className={styles.skin} cx="60" cy="52" rx="29" ry="35" />
        <g className={styles.features}>
          <Eyes shut={act === "close-eyes"} />
          <path className={styles.line} d="M60 48v11l-4 3" />
          <Mouth act={act} />
        </g>
      </g>
      {act === "hand-on-cheek" && (
        <path
          className={styles.hand}
          d="M14 74c0-9 6-14 14-14h16c4 0 4 6 0 6H34h14c4 0 4 6 0 6H34h12c4 0 4 6 0 6H34h9c4 0 4 6 0 6H26c-8 0-12-3-12-10Z"
        />
      )}
      {act === "say-words" && (
        <g className={styles.speech}>
          <path d="M84 10h28c3 0 5 2 5 5v14c0 3-2 5-5 5H98l-8 8v-8h-6c-3 0-5-2-5-5V15c0-3 2-5 5-5Z" />
          <path className={styles.line} d="M86 18h24M86 26h16" />
        </g>
      )}
      <Arrow act={act} />
    </svg>
  );
}

function Eyes({ shut }: { shut: boolean }) {
  if (shut) return <path className={styles.line} d="M42 44c3 4 9 4 12 0M66 44c3 4 9 4 12 0" />;
  return (
    <g className={styles.ink}>
      <circle cx="48" cy="43" r="3.2" />
      <circle cx="72" cy="43" r="3.2" />
    </g>
  );
}

function Mouth({ act }: { act: string }) {
  if (act === "smile") {
    return (
      <>
        <path className={styles.teeth} d="M45 66c10 4 20 4 30 0-2 10-8 14-15 14s-13-4-15-14Z" />
        <path className={styles.line} d="M51 74h18M56 68v10M64 68v10" />
      </>
    );
  }
  if (act === "open-mouth" || act === "say-words")
    return <ellipse className={styles.ink} cx="60" cy="73" rx="7" ry={act === "open-mouth" ? 9 : 5} />;
  return <path className={styles.line} d="M51 71h18" />;
}

const ARROWS: Readonly<Record<string, string>> = {
  "turn-left": "M26 16C14 22 8 32 8 46M3 38l5 9 7-7",
  "turn-right": "M94 16c12 6 18 16 18 30M117 38l-5 9-7-7",
  "look-up": "M106 66V34M99 42l7-9 7 9",
  "look-down": "M106 34v32M99 58l7 9 7-9",
  "tilt-left": "M44 8C28 10 16 20 12 36M7 27l5 10 8-7",
  "tilt-right": "M76 8c16 2 28 12 32 28M113 27l-5 10-8-7",
};

function Arrow({ act }: { act: string }) {
  const way = ARROWS[act];
  return way === undefined ? null : <path className={styles.arrow} d={way} />;
}
