import { defineConfig } from "vitest/config";

/** `npm run test:vm`: one virtual machine, whose story goes on from test to test, so that the first failure ends it. */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    pool: "forks",
    fileParallelism: false,
    include: ["test/vm/**/*.test.ts"],
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    bail: 1,
    reporters: ["verbose"],
  },
});
