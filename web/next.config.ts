import type { NextConfig } from "next";

const config: NextConfig = {
  // Served by the call server or nginx: there is no Node process at run time.
  output: "export",
  trailingSlash: true,
  images: { unoptimized: true },
  reactStrictMode: true,
  // Two builds of the same source give the same files, so that the CSP hashes can be pinned.
  generateBuildId: () => "talchum",
};

export default config;
