/**
 * Properties are tried on the same examples each time, so that a run says something of the change before it and not of its luck.
 * Others are had with IMP_TEST_SEED=N, and new ones each time with IMP_TEST_SEED=random.
 */
import { configureGlobal } from "fast-check";

const asked = process.env["IMP_TEST_SEED"] ?? "20261130";
if (asked !== "random") configureGlobal({ seed: Number(asked) });
