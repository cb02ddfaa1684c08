/** A mask in the manner of the Hahoe Yangban: half-moon eyes, a nose one can hold, a jaw that hangs free and laughs. */
export function Mask({ label, className }: { label?: string; className?: string }) {
  return (
    <svg
      className={className}
      viewBox="0 0 320 400"
      role={label === undefined ? "presentation" : "img"}
      aria-label={label}
      aria-hidden={label === undefined ? true : undefined}
    >
      <defs>
        <radialGradient id="mask-wood" cx="0.42" cy="0.34" r="0.8">
          <stop offset="0" stopColor="#cf8a52" />
          <stop offset="0.55" stopColor="#a9612f" />
          <stop offset="1" stopColor="#6f3a1a" />
        </radialGradient>
        <linearGradient id="mask-jaw" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stopColor="#a45c2c" />
          <stop offset="1" stopColor="#6b3718" />
        </linearGradient>
      </defs>
      <path
        d="M160 14c66 0 116 34 126 92 8 50 4 104-18 148-10 20-28 33-50 38-38 8-78 8-116 0-22-5-40-18-50-38C30 210 26 156 34 106 44 48 94 14 160 14Z"
        fill="url(#mask-wood)"
      />
      <path
        d="M34 106C44 48 94 14 160 14s116 34 126 92c-20-30-66-52-126-52S54 76 34 106Z"
        fill="#1c1714"
        opacity="0.92"
      />
      <g fill="none" stroke="#5b2d13" strokeLinecap="round">
        <path d="M96 92c40-14 88-14 128 0" strokeWidth="5" opacity="0.55" />
        <path d="M104 110c36-11 76-11 112 0" strokeWidth="4" opacity="0.4" />
        <path d="M52 196c16 12 24 30 24 50M268 196c-16 12-24 30-24 50" strokeWidth="5" opacity="0.5" />
        <path d="M70 178c20 14 34 36 36 62M250 178c-20 14-34 36-36 62" strokeWidth="4" opacity="0.35" />
        <path d="M44 152c8-4 14-4 20 0M276 152c-8-4-14-4-20 0" strokeWidth="4" opacity="0.45" />
      </g>
      <path
        d="M66 140c16-22 52-28 76-8-22-8-54-6-76 8ZM254 140c-16-22-52-28-76-8 22-8 54-6 76 8Z"
        fill="#1c1714"
      />
      <g fill="#120d0a">
        <path d="M74 168c16-20 46-20 62 2-16-8-44-10-62-2Z" />
        <path d="M246 168c-16-20-46-20-62 2 16-8 44-10 62-2Z" />
      </g>
      <path
        d="M148 138c6-6 18-6 24 0 4 26 14 46 24 62 10 18-6 34-36 34s-46-16-36-34c10-16 20-36 24-62Z"
        fill="#b9713c"
      />
      <path d="M148 138c-4 26-14 46-24 62-6 10-4 20 4 26 2-30 12-60 20-88Z" fill="#dc9c64" opacity="0.7" />
      <path
        d="M134 226c6-6 16-6 20 2M186 226c-6-6-16-6-20 2"
        fill="none"
        stroke="#4a220d"
        strokeWidth="5"
        strokeLinecap="round"
      />
      <path d="M84 262c46 18 106 18 152 0 2 16-6 28-18 32-38 9-78 9-116 0-12-4-20-16-18-32Z" fill="#2a0f0a" />
      <path d="M92 266c44 15 92 15 136 0l-2 12c-42 12-90 12-132 0Z" fill="#f2ead6" />
      <path
        d="M92 308c42 12 94 12 136 0 12 8 14 22 8 36-12 28-42 44-76 44s-64-16-76-44c-6-14-4-28 8-36Z"
        fill="url(#mask-jaw)"
      />
      <path d="M102 314c38 10 78 10 116 0-6 18-30 28-58 28s-52-10-58-28Z" fill="#7d1f17" />
      <path
        d="M128 362c20 8 44 8 64 0"
        fill="none"
        stroke="#4a220d"
        strokeWidth="4"
        strokeLinecap="round"
        opacity="0.6"
      />
      <g fill="#b5342c" opacity="0.85">
        <circle cx="68" cy="216" r="15" />
        <circle cx="252" cy="216" r="15" />
      </g>
      <g stroke="#d9a22b" strokeWidth="5" fill="none" strokeLinecap="round">
        <path d="M90 296c-6 6-8 12-4 20M230 296c6 6 8 12 4 20" />
      </g>
    </svg>
  );
}
