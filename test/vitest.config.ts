import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Minutes each: whoever began one of them last would wait for it with an idle core. */
const longest = [
  "test/property/reconcilers/vpp.test.ts",
  "test/property/reconcilers/vpp-second.test.ts",
  "test/scenario/crash-frr.test.ts",
  "test/scenario/kill-nine.test.ts",
  "test/scenario/crash.test.ts",
  "test/scenario/git.test.ts",
  "test/property/controller/engine.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => longest.some((path) => moduleId.endsWith(path));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const top = new URL("..", import.meta.url).pathname;

/** Three projects: what `npm run check` runs everywhere (unit), whole agents on a simulated appliance, and git, whose servers have
 *  ports and folders of their own (scenario), and the other real programs (integration; one file at a time, since they share
 *  network namespaces and ports). */
export default defineConfig({
  root: top,
  test: {
    // Node 24, the pinned one: workers inherit the interpreter that `npm run` found first in node_modules/.bin.
    pool: "forks",
    maxWorkers: 2,
    // Hundreds of agents are started from their sources: read once, that takes a third of the time.
    setupFiles: ["test/lab/seed.ts"],
    env: { NODE_COMPILE_CACHE: `${top}.cache/compiled` },
    sequence: { sequencer: LongestFirst },
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
        test: { name: "scenario", include: ["test/scenario/**/*.test.ts"], testTimeout: 600_000, hookTimeout: 180_000 },
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
