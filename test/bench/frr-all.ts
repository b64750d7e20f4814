/** `npm run bench:frr [-- pairs | lines…]`: the FRR plane beside frr-reload.py. Asserts nothing. */
import { benchFrrPairs } from "./frr-pairs.ts";
import { benchFrrScale } from "./frr-scale.ts";

const named = process.argv.slice(2);
const sizes = named.map(Number).filter((size) => size > 0);
const print = (line: string) => void process.stdout.write(`${line}\n`);
if (named.length === 0 || named.includes("pairs")) await benchFrrPairs(print);
if (named.length === 0 || sizes.length > 0)
  await benchFrrScale(print, sizes.length > 0 ? sizes : [1000, 10_000, 50_000]);
