import { emptyDesired } from "../../controller/planes.ts";
import { renderSystem } from "../../reconcilers/system/render/render.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";
import type { Tale } from "../lab/crash.ts";
import type { Box } from "../lab/crash-ground.ts";
import { linesAndSystem } from "../lab/crash-system.ts";
import { tell, untilActed } from "../lab/crash-tales.ts";
import { generation } from "../lab/story.ts";

const theirs = {
  path: "/etc/hosts",
  text: "127.0.0.1 localhost\n192.0.2.77 printer\n",
  mode: 0o600,
  owner: { uid: 0, gid: 7 },
};
const ground = linesAndSystem([theirs]);

const nat = { det44: { pools: { p: { prefix: "203.0.113.0/29" } }, mappings: {} } };
const first: MachineInput = {
  management: { interface: { name: "eno1" }, ntp: ["192.0.2.123"] },
  interfaces: { external: { pci: "0000:03:00.0" } },
  nat,
};
/** Takes /etc/hosts over, disturbs management and VPP, ends the NAT instance, and lets the time alone. */
const second: MachineInput = {
  hostname: "r1",
  management: { interface: { name: "eno1" }, mtu: 1400 },
  interfaces: { external: { pci: "0000:03:00.0", "rx-queues": 2 } },
};

function rendered(input: MachineInput, lines: readonly string[]) {
  const frr = { config: lines.map((line) => `${line}\n`).join("") };
  return generation(lines, {
    policy: { "max-impact": "restart" },
    desired: { ...emptyDesired, system: renderSystem(Machine.parse(input)), frr },
  });
}

const some = ["router bgp 64500", "neighbor 192.0.2.1", "prefix-list a"];
const more = ["router bgp 64500", "neighbor 192.0.2.1", "neighbor 192.0.2.2"];
const base = rendered(first, some);
const better = rendered(second, more);
const worse = rendered(second, [...more, "shutdown 192.0.2.1"]);

/** Somebody wrote it after the first commit, which says nothing of it. */
async function writeTheirs(box: Box): Promise<void> {
  box.sim.files.set(theirs.path, theirs);
}

const bad = { ground, committed: base, candidate: worse, candidateIsBad: true } as const;
const tales: readonly Tale[] = [
  { ground: linesAndSystem([]), name: "the first convergence", committed: undefined, candidate: base },
  { ground, name: "a good change of both planes", committed: base, candidate: better, begin: writeTheirs },
  { ...bad, name: "a bad change that is rolled back", begin: writeTheirs },
  {
    ...bad,
    name: "a start after the failsafe acted",
    async begin(box) {
      await writeTheirs(box);
      await untilActed(worse)(box);
    },
  },
];

tell("an agent on files, units and lines", tales, { steps: 8, points: 200 });
