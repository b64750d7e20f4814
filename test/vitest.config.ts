import { defineConfig } from "vitest/config";

/** Three projects: what `npm run check` runs everywhere (unit), whole agents on a simulated appliance (scenario), and the
 *  real programs (integration; one file at a time, since they share network namespaces and ports). */
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    // Node 24, the pinned one: workers inherit the interpreter that `npm run` found first in node_modules/.bin.
    pool: "forks",
    maxWorkers: 2,
    coverage: {
      provider: "v8",
      include: ["schemas/**/*.ts", "reconcilers/**/*.ts", "controller/**/*.ts"],
      reporter: ["text-summary", "html"],
    },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/property/**/*.test.ts", "test/cases/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: "scenario", include: ["test/scenario/**/*.test.ts"], testTimeout: 180_000, hookTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
