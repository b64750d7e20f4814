/** Goes from one configuration to another on a real FRR, and compares the end with an FRR that started with the other. */
import { writeFileSync } from "node:fs";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { applyFrr } from "../../reconcilers/frr/apply.ts";
import { entriesOf } from "../../reconcilers/frr/entries.ts";
import type { Daemon } from "../../reconcilers/frr/model.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { openScratch } from "../../reconcilers/frr/scratch.ts";
import { freshScratches } from "../../reconcilers/frr/scratches.ts";
import { readSource } from "../../reconcilers/frr/source.ts";
import { takersOf } from "../../reconcilers/frr/route.ts";
import { parseConfig } from "../../reconcilers/frr/tree.ts";
import { applyWhole, planWhole } from "../../reconcilers/frr/whole.ts";

const signal = new AbortController().signal;

export interface Ended {
  /** What the tool said: that FRR is now as the file says. */
  readonly said: boolean;
  /** Lines by which it differs from an FRR that started with the file: "- missing", "+ too many". */
  readonly differs: readonly string[];
  /** What it said beside. */
  readonly why: string;
}

/** `sockets`: of the FRR that is changed; `scratch`: where others may live for a while; `programs`: those of its daemons. */
export function pairLab(sockets: string, scratch: string, programs?: string) {
  const host = linuxHost(passingSecrets());
  const scratches = freshScratches(scratch, host, programs);
  const started = new Map<string, string>();

  /** What an FRR prints that was started with this text, as FRR does it. */
  async function reference(text: string): Promise<string> {
    const known = started.get(text);
    if (known !== undefined) return known;
    const daemons = [...new Set<Daemon>(["zebra", ...takersOf(readSource(text).lines)])];
    const options = { folder: scratch, daemons, profile: "traditional", ...(programs !== undefined && { programs }) };
    const fresh = await openScratch(host, options, signal);
    if ("why" in fresh) throw new Error(fresh.why);
    try {
      const file = `${fresh.sockets}/reference.conf`;
      writeFileSync(file, text);
      const argv = ["vtysh", "--vty_socket", fresh.sockets, "-f", file] as const;
      const { exitCode, stderr } = await host.run(argv, { timeoutMs: 60_000, signal });
      // From 9 on it says of each daemon that it is done.
      if (exitCode !== 0 || stderr.replaceAll(/^\[\d+\|\w+\] done\n?/gm, "") !== "")
        throw new Error(`FRR does not start with it: ${stderr}`);
      const { config } = await observeFrr(host, fresh.sockets, signal, { dotted: true });
      started.set(text, config);
      return config;
    } finally {
      await fresh.close();
    }
  }

  return {
    /** Makes the FRR what the text says, by the plane itself, whatever it was. */
    async begin(text: string): Promise<void> {
      const desired = { config: await reference(text) };
      for (let round = 0; round < 3; round += 1) {
        const now = await observeFrr(host, sockets, signal, { dotted: true });
        const { steps } = planFrr(desired, now, [now]);
        for await (const _ of applyFrr(steps, host, sockets, signal));
      }
      const left = difference(desired.config, (await observeFrr(host, sockets, signal, { dotted: true })).config);
      if (left.length > 0) throw new Error(`it cannot be begun with: ${left.join("; ")}`);
    },

    /** Applies a file as `impctl frr apply` does. */
    async apply(text: string): Promise<Pick<Ended, "said" | "why">> {
      const instance = { sockets, scratches };
      const plan = await planWhole({ name: "to.conf", text }, instance, host, signal);
      if (plan.problems.length > 0) return { said: false, why: plan.problems.join("; ") };
      const outcome = await applyWhole(plan, instance, host, signal);
      const why = outcome.kind === "rolled-back" ? `${outcome.why.message} ${outcome.left.join(" ")}` : "";
      return { said: outcome.kind !== "rolled-back", why };
    },

    /** How what runs differs from an FRR that started with the text. */
    async differs(text: string): Promise<readonly string[]> {
      return difference(await reference(text), (await observeFrr(host, sockets, signal, { dotted: true })).config);
    },
  };
}

function difference(wanted: string, found: string): readonly string[] {
  const lines = (config: string) =>
    new Set([...entriesOf(parseConfig(config)).values()].map(({ path, line }) => [...path, line].join(" / ")));
  const [all, live] = [lines(wanted), lines(found)];
  return [
    ...[...all].filter((line) => !live.has(line)).map((line) => `- ${line}`),
    ...[...live].filter((line) => !all.has(line)).map((line) => `+ ${line}`),
  ];
}
