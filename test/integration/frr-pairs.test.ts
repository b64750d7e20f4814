import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { pairLab } from "../lab/frr-pairs.ts";
import { pairs } from "../lab/frr-routers.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";

const missing = whyNoFrr();
/** Every so many of them, from the first: all of them with IMP_FRR_PAIRS=1, and in `npm run bench:frr`. */
const every = Number(process.env["IMP_FRR_PAIRS"] ?? 5);

describe.skipIf(missing !== undefined)(`from one FRR configuration to another (${missing ?? "8.4"})`, () => {
  let namespace: Namespace;
  let real: RealFrr;
  let lab: ReturnType<typeof pairLab>;

  beforeAll(async () => {
    namespace = makeNamespace("vfp");
    real = await startFrr(namespace);
    lab = pairLab(real.sockets, "/run/imp-vfp-scratch");
  });

  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    namespace?.[Symbol.dispose]();
  });

  const tried = pairs().filter((_, index) => index % every === 0);

  it.each(tried)("ends right and says so: $name", async ({ from, to }) => {
    await lab.begin(from);
    const ended = { ...(await lab.apply(to)), differs: await lab.differs(to) };

    expect(ended).toEqual({ said: true, why: "", differs: [] });
  });
});
