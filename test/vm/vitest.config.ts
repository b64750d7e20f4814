import { defineConfig } from "vitest/config";

/** `npm run test:vm`: one virtual machine, whose story goes on from test to test, so that the first failure ends it. */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    pool: "forks",
    fileParallelism: false,
    include: ["test/vm/**/*.test.ts"],
    testTimeout: 14_400_000,
    hookTimeout: 14_400_000,
    bail: 1,
    reporters: ["verbose"],
  },
});
