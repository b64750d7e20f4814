import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beginnings, type Sample, samples } from "../lab/community-samples.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";

const missing = whyNoFrr();

describe.skipIf(missing !== undefined)(`entries of lists, to a real FRR (${missing ?? "8.4"})`, () => {
  let namespace: Namespace;
  let real: RealFrr;

  beforeAll(async () => {
    namespace = makeNamespace("lists");
    real = await startFrr(namespace, ["zebra", "bgpd"]);
  });
  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    namespace?.[Symbol.dispose]();
  });

  function vtysh(...commands: readonly string[]): string {
    const argv = ["-N", namespace.name, "-d", "bgpd", ...commands.flatMap((command) => ["-c", command])];
    return spawnSync("vtysh", argv, { encoding: "utf8", timeout: 20_000 }).stdout;
  }

  /** The values that FRR takes, and prints as they are. */
  function keptOf(list: Sample["list"], values: readonly string[], prefix: string): readonly string[] {
    const lines = values.map((value, at) => `${beginnings[list].replace(" x ", ` ${prefix}${at} `)} ${value}`);
    for (const line of lines) vtysh("configure terminal", line);
    const shown = new Set(vtysh("show running-config").split("\n"));
    return values.filter((_, at) => shown.has(lines[at] ?? ""));
  }

  it.each(samples)("are kept as they are where the schema takes them, and nowhere else ($list)", (sample) => {
    expect(keptOf(sample.list, sample.taken, `${sample.list}-t`)).toEqual(sample.taken);
    expect(keptOf(sample.list, sample.refused, `${sample.list}-r`)).toEqual([]);
  });
});
