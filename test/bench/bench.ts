/** `npm run bench [-- name…]`: ratios against a baseline that runs beside them in the same run. Asserts nothing. */
import { benchFrr } from "./frr.ts";
import { benchGit } from "./git.ts";
import { benchImages } from "./images.ts";
import { benchMemory } from "./memory.ts";
import { benchRollback } from "./rollback.ts";
import { benchValidate } from "./validate.ts";
import { benchVpp } from "./vpp.ts";

const all = {
  validate: benchValidate,
  frr: benchFrr,
  git: benchGit,
  rollback: benchRollback,
  vpp: benchVpp,
  images: benchImages,
  memory: benchMemory,
} as const;

const named = process.argv.slice(2);
for (const [name, bench] of Object.entries(all)) {
  if (named.length > 0 && !named.includes(name)) continue;
  await bench((line) => process.stdout.write(`${line}\n`));
}
