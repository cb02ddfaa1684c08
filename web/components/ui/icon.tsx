const PATHS = {
  microphone: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3Zm-7 9a7 7 0 0 0 14 0M12 19v3",
  "microphone-off":
    "M9 9v3a3 3 0 0 0 4.6 2.5M15 11V6a3 3 0 0 0-5.7-1.3M5 12a7 7 0 0 0 10.6 6M19 12a7 7 0 0 1-.6 2.8M12 19v3M3 3l18 18",
  camera: "M4 6h10a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2Zm12 5 6-3v8l-6-3",
  "camera-off":
    "M9 6h5a2 2 0 0 1 2 2v4m0 4a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h.5M16 11l6-3v8l-2.5-1.3M3 3l18 18",
  mask: "M4.5 5C9 2.8 15 2.8 19.5 5c.8 7-1.6 14-7.5 16C6.100 19 3.700 12 4.500 5ZM7.500 10c1-.9 2.500-.9 3.500 0M13 10c1-.9 2.500-.9 3.500 0M8.500 15c2.200 2 4.800 2 7 0",
  flip: "M4 8h12l-3-3M20 16H8l3 3",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M13 4.500v5M7 14.500v5",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700L12 17",
  leave: "M3 14c5-5.300 13-5.300 18 0l-2.200 2.800-4-1.600V12.500a12 12 0 0 0-5.600 0v2.700l-4 1.600L3 14Z",
  keyboard: "M3 7h18v10H3ZM7 10.500h.01M11 10.500h.01M15 10.500h.01M8 14h8",
  record: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z",
  play: "M8 5v14l11-7Z",
  check: "m5 12.500 4.500 4.500L19 7.500",
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing; it always stands beside words, so that readers skip it. */
export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
