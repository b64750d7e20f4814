import type { Tale } from "../lab/crash.ts";
import { lines } from "../lab/crash-ground.ts";
import { tell, untilActed, untilProving } from "../lab/crash-tales.ts";
import { generation } from "../lab/story.ts";

const peers = Array.from({ length: 12 }, (_, n) => `neighbor 192.0.2.${n + 1}`);
const lists = Array.from({ length: 8 }, (_, n) => `prefix-list customer-${n}`);
const routes = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `ip route 198.51.${from + n}.0/24`);

const base = generation(["router bgp 64500", ...peers.slice(0, 8), ...lists, ...routes(0, 40)]);
/** Removes 30 routes and adds 30 others, 4 sessions and a list. */
const better = generation(["router bgp 64500", ...peers, ...lists, "prefix-list customer-8", ...routes(30, 70)]);
/** The same, and takes down a session that was up. */
const worse = generation([...better.desired.frr.config.trim().split("\n"), "shutdown 192.0.2.1"]);

const ground = lines;
const bad = { ground, committed: base, candidate: worse, candidateIsBad: true } as const;
const tales: readonly Tale[] = [
  { ground, name: "the first convergence", committed: undefined, candidate: base },
  { ground, name: "a good change", committed: base, candidate: better },
  { ...bad, name: "a bad change that is rolled back" },
  {
    ...bad,
    name: "a rollback by the plane's files",
    begin: untilProving(worse),
    find: (box) => box.jam(),
  },
  {
    ...bad,
    name: "a rollback by a reboot",
    begin: untilProving(worse),
    find(box) {
      box.jam();
      box.failsafe.failing.add("frr");
    },
  },
  {
    ...bad,
    name: "a start after the failsafe acted",
    begin: untilActed(worse),
  },
  {
    ground,
    name: "a correction of all that a restart lost",
    committed: base,
    candidate: base,
    find(box) {
      box.plane.live.clear();
      box.plane.restarts += 1;
    },
  },
];

tell("an agent on the smallest plane", tales, { steps: 55, points: 1000 });
