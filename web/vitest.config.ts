import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL(".", import.meta.url)) } },
  test: {
    environment: "jsdom",
    // Machines that run other things beside: a worker that starts late is not a failed test.
    pool: "threads",
    maxWorkers: 1,
    testTimeout: 20_000,
    include: ["**/*.test.{ts,tsx}"],
    exclude: ["node_modules", "out", ".next"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
