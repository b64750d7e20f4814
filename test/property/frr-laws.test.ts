import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired, FrrStep } from "../../reconcilers/frr/model.ts";
import { parseConfig, pathKey, walk } from "../../reconcilers/frr/tree.ts";
import { configs, ours, theirs } from "../lab/frr-configs.ts";
import { frrHost, testSecrets } from "../lab/frr-host.ts";
import { simFrr, type SimFrr } from "../lab/frr-sim.ts";

const signal = new AbortController().signal;
const plane = frr({ sockets: "/run/frr" });
const secrets = testSecrets();
const password = "correct-horse";
const sealed = secrets.known(password);

async function converge(sim: SimFrr, desired: FrrDesired, owned: readonly FrrDesired[]): Promise<readonly FrrStep[]> {
  const host = frrHost(sim, secrets);
  const plan = plane.plan(desired, await plane.observe(host, signal), owned);
  expect(plan.problems).toEqual([]);
  // What is journalled and read again must do the same.
  const steps = JSON.parse(JSON.stringify(plan.steps)) as FrrStep[];
  const done = [];
  for await (const step of plane.apply(steps, host, signal)) done.push(step);
  expect(done).toEqual(plan.steps);
  const again = plane.plan(desired, await plane.observe(host, signal), [...owned, desired]);
  expect(again.steps.map((step) => plane.describe(step))).toEqual([]);
  return plan.steps;
}

function linesOf(config: string): ReadonlySet<string> {
  const lines = new Set<string>();
  walk(parseConfig(config), (path, { line }) => lines.add(pathKey(path, line)));
  return lines;
}

/** References of neighbours and route-map entries to lists and maps that the daemon does not have. */
function dangling(config: string): readonly string[] {
  const defined = new Set([...config.matchAll(/^(?:ip prefix-list|route-map) (\S+)/gm)].map((match) => match[1]));
  const used = [
    ...config.matchAll(/^ +(?:neighbor \S+ (?:prefix-list|route-map)|match ip address prefix-list) (\S+)/gm),
  ];
  return used.map((match) => match[1] ?? "").filter((name) => !defined.has(name));
}

const anyAsn = fc.constantFrom(64500, 64501);

describe("the laws of FRR's plane", () => {
  it("plans nothing after applying, for any two configurations, and back", async () => {
    await fc.assert(
      fc.asyncProperty(configs(sealed, ours, anyAsn), configs(sealed, ours, anyAsn), async (a, b) => {
        const sim = simFrr();
        await converge(sim, a, []);
        const before = linesOf(sim.config());
        await converge(sim, b, [a]);
        await converge(sim, a, [a, b]);

        expect(linesOf(sim.config())).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it("leaves nothing behind when everything is withdrawn", async () => {
    await fc.assert(
      fc.asyncProperty(configs(sealed, ours), async (a) => {
        const sim = simFrr();
        await converge(sim, a, []);
        await converge(sim, { config: "" }, [a]);

        expect(sim.config()).toBe("");
      }),
      { numRuns: 20 },
    );
  });

  it("never touches what nobody here made", async () => {
    await fc.assert(
      fc.asyncProperty(configs(sealed, theirs), configs(sealed, ours), configs(sealed, ours), async (foreign, a, b) => {
        const sim = simFrr({ config: foreign.config });
        await converge(sim, a, []);
        await converge(sim, b, [a]);
        await converge(sim, { config: "" }, [a, b]);

        expect([...linesOf(foreign.config)].filter((line) => !linesOf(sim.config()).has(line))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it("refers to nothing that is not there, at no moment of a change", async () => {
    await fc.assert(
      fc.asyncProperty(configs(sealed, ours), configs(sealed, ours), async (a, b) => {
        const sim = simFrr();
        const seen: string[] = [];
        const open = new Map<string, readonly string[]>();
        sim.watch = (daemon, line) => {
          // Consecutive commands about lists are carried out as one: only what stands after them counts.
          if (!/^(?:no )?ip prefix-list /.test(line)) seen.push(...(open.get(daemon) ?? []));
          open.set(
            daemon,
            dangling(sim.configOf(daemon)).map((name) => `${daemon} after "${line}": ${name}`),
          );
        };
        await converge(sim, a, []);
        await converge(sim, b, [a]);

        expect([...seen, ...[...open.values()].flat()]).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it("tells no secret, in steps, descriptions or what was observed", async () => {
    await fc.assert(
      fc.asyncProperty(configs(sealed, ours), configs(sealed, ours), async (a, b) => {
        const sim = simFrr();
        const first = await converge(sim, a, []);
        const second = await converge(sim, b, [a]);
        const observed = await plane.observe(frrHost(sim, secrets), signal);
        const said = JSON.stringify([
          first,
          second,
          observed,
          [...first, ...second].map((step) => plane.describe(step)),
        ]);

        expect(said).not.toContain(password);
        expect(sim.config().includes(password)).toBe(b.config.includes(sealed));
      }),
      { numRuns: 20 },
    );
  });
});
