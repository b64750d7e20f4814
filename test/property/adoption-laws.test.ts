/** Whatever a machine makes of a box, the machine file that an adoption makes of the box says it, and leaves nothing to do there. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Found } from "../../controller/adoption/found.ts";
import { derive } from "../../reconcilers/derive.ts";
import type { SystemDesired } from "../../reconcilers/system/model.ts";
import type { Machine } from "../../schemas/machine.ts";
import { filesOf, frrWith, incusWith, nicsOf, tryAdoption, vppWith } from "../lab/adopting.ts";
import { brought } from "../lab/brought.ts";
import { exampleMachines, variedMachines } from "../lab/example-machines.ts";
import { testSecrets } from "../lab/frr-host.ts";
import { nics, vppStates } from "../lab/vpp-states.ts";

const secrets = testSecrets();
const versions = { frr: "8.4.4", vpp: "26.06-release" };
/** IMP_TEST_RUNS: more of them. */
const runs = Number(process.env["IMP_TEST_RUNS"] ?? 12);

/** Whatever stays on the box, but for secrets, which no machine file has. */
async function leaves(machine: Machine, system: SystemDesired, there: Pick<Found, "frr" | "vpp" | "incus">) {
  const found = { hostname: machine.hostname, ...filesOf(system), ...there, nics: nicsOf(machine) };
  const { does, steps, left, writes, later } = await tryAdoption(found);
  const nameless = left.filter((line) => !line.startsWith("frr: ") || !line.includes("(a secret)"));
  // VPP's commands have an order of their own.
  const others = writes.filter((path) => !path.startsWith("/etc/vpp/commands-"));
  return { does, steps, nameless, others, later };
}
const nothing = { does: [], steps: [], nameless: [], others: [], later: undefined };

it("leaves nothing to do of any machine", { timeout: 30_000 * runs }, async () => {
  await fc.assert(
    fc.asyncProperty(exampleMachines, async (make) => {
      const machine = await make();
      fc.pre(machine !== undefined);
      const desired = derive(machine, versions, (name) => secrets.seal(name));
      const there = { frr: frrWith(desired.frr.config), vpp: vppWith(desired.vpp), incus: incusWith(desired.incus) };
      expect(await leaves(machine, desired.system, there)).toEqual(nothing);
    }),
    { numRuns: runs },
  );
});

it(
  "leaves nothing to do of whatever the agent made of any machine, with its instances",
  { timeout: 30_000 * runs },
  async () => {
    await fc.assert(
      fc.asyncProperty(variedMachines, async (make) => {
        const machine = await make();
        fc.pre(machine !== undefined);
        const desired = derive(machine, versions, (name) => secrets.known(name));
        const there = await brought(desired, Object.keys(machine.interfaces), secrets);
        expect(await leaves(machine, desired.system, there)).toEqual(nothing);
      }),
      { numRuns: runs },
    );
  },
);

it("leaves nothing to do of whatever VPP can have", { timeout: 30_000 * runs }, async () => {
  await fc.assert(
    fc.asyncProperty(vppStates, async (state) => {
      const { does, steps } = await tryAdoption({ vpp: vppWith(state), nics: pci });
      expect({ does, steps }).toEqual({ does: [], steps: [] });
    }),
    { numRuns: 5 * runs },
  );
});

/** Not of all NICs it is known. */
const pci = new Map(nics.slice(0, 3).map((name, at) => [name, `0000:0${at}:00.0`]));
