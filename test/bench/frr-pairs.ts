/** From one configuration to another on a real FRR: whether the end is right, and whether the tool says so; beside frr-reload.py. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { daemons } from "../../reconcilers/frr/model.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { pairLab } from "../lab/frr-pairs.ts";
import { pairs } from "../lab/frr-routers.ts";
import { makeNamespace } from "../lab/netns.ts";
import { reload, whyNoReload } from "./frr-reload.ts";

interface Score {
  right: number;
  truthful: number;
  ms: number;
}

export async function benchFrrPairs(print: (line: string) => void): Promise<void> {
  const why = whyNoFrr() ?? whyNoReload();
  if (why !== undefined) return print(`frr-pairs: not measured: ${why}`);
  const folder = mkdtempSync(join(tmpdir(), "imp-bench-frr-"));
  using namespace = makeNamespace("pairs");
  await using real = await startFrr(namespace);
  const lab = pairLab(real.sockets, "/run/imp-bench-scratch");
  const tools = {
    impctl: (text: string) => lab.apply(text),
    "frr-reload.py": (text: string) => {
      const file = join(folder, "to.conf");
      writeFileSync(file, text);
      return Promise.resolve(reload("--reload", namespace.name, file));
    },
  } as const;
  const all = pairs();
  try {
    print(`frr-pairs: ${all.length} pairs of configurations`);
    for (const [tool, apply] of Object.entries(tools)) {
      const score: Score = { right: 0, truthful: 0, ms: 0 };
      for (const { name, from, to } of all) {
        await lab.begin(from).catch(async () => {
          // The other one may have left what nobody can take back, or no daemon at all.
          await startAnew(real);
          await lab.begin(from);
        });
        const begin = performance.now();
        const { said } = await apply(to);
        score.ms += performance.now() - begin;
        const isRight = (await lab.differs(to)).length === 0;
        if (isRight) score.right += 1;
        if (isRight === said) score.truthful += 1;
        else
          print(`  ${tool} is ${said ? "wrong and says that it is well" : "right and says that it failed"}: ${name}`);
      }
      print(
        `  ${tool}: right ${share(score.right, all)}, truthful ${share(score.truthful, all)}, ${(score.ms / all.length).toFixed(0)} ms each`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startAnew(real: RealFrr): Promise<void> {
  for (const daemon of daemons.toReversed()) await real.kill(daemon);
  for (const daemon of daemons) await real.start(daemon);
}

function share(count: number, all: readonly unknown[]): string {
  return `${count} of ${all.length} (${((100 * count) / all.length).toFixed(0)} %)`;
}
