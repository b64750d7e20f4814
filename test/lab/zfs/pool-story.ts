/**
 * What is done to a pool in the life of boot environments, and how it stands after each: the same whatever answers. GUIDs
 * become ordinals, sizes and times are left out.
 */
import type { BootenvObserved } from "../../../reconcilers/bootenv/model.ts";
import { observePool } from "../../../reconcilers/bootenv/observe.ts";
import type { RunResult } from "../../../reconcilers/core.ts";
import { simHost } from "../host.ts";

export type RunZfs = (argv: readonly [string, ...string[]]) => Promise<RunResult> | RunResult;

/** Everything, in the order in which it is done; the pool is there, and nothing is in it. */
const acts: readonly string[] = [
  "zfs create -o mountpoint=none tank/ROOT",
  "zfs create -o canmount=noauto -o mountpoint=/ tank/ROOT/a",
  "zpool set bootfs=tank/ROOT/a tank",
  "zpool set bootfs=tank/ROOT/nope tank",
  "zfs create -o canmount=noauto -o mountpoint=/ tank/ROOT/a",
  "zfs set imp:committed=1700000000 tank/ROOT/a",
  "zfs snapshot tank/ROOT/a@img",
  "zfs snapshot tank/ROOT/a@img",
  "zfs set imp:ran=x.service tank/ROOT/a@img",
  "zfs rollback tank/ROOT/a@img",
  "zfs rollback tank/ROOT/a@nope",
  "zfs get -Hp -r -o name,property,value,source type,imp:ran tank/ROOT/a",
  "zfs clone -o canmount=noauto -o mountpoint=/ tank/ROOT/a@img tank/ROOT/b",
  "zfs clone -o canmount=noauto -o mountpoint=/ tank/ROOT/b@nope tank/ROOT/x",
  "zfs set imp:pin=until_may tank/ROOT/b",
  "zfs snapshot tank/ROOT/b@one",
  "zfs snapshot tank/ROOT/a@two",
  "zfs rollback tank/ROOT/a@img",
  "zfs clone -o canmount=noauto -o mountpoint=/ tank/ROOT/b@one tank/ROOT/c",
  "zfs create -o mountpoint=none tank/ROOT/b/var",
  "zfs get -Hp -d 1 -o name,value,source mountpoint,canmount tank/ROOT",
  "zfs get -Hp -d 1 -o name,value,source imp:pin,userrefs tank/ROOT/b",
  "zfs get -Hp -r -o name,value type tank/ROOT/b",
  "zfs destroy tank/ROOT/a",
  "zfs destroy -r tank/ROOT/a",
  "zfs destroy tank/ROOT/a@img",
  "zfs promote tank/ROOT/a",
  "zfs promote tank/ROOT/c",
  "zfs promote tank/ROOT/b",
  "zfs snapshot tank/ROOT/b@two",
  "zfs snapshot tank/ROOT/c@one",
  "zfs promote tank/ROOT/c",
  "zfs rename tank/ROOT/b@one tank/ROOT/b@two",
  "zfs rename tank/ROOT/b@one tank/ROOT/b@one-1",
  "zfs rename tank/ROOT/b@nope tank/ROOT/b@x",
  "zfs promote tank/ROOT/c",
  "zfs promote tank/ROOT/b",
  "zfs inherit imp:pin tank/ROOT/b",
  "zfs inherit imp:pin tank/ROOT/b",
  "zfs hold imp-image tank/ROOT/a@two",
  "zfs hold imp-image tank/ROOT/a@two",
  "zfs destroy tank/ROOT/a@two",
  "zfs destroy -r tank/ROOT/a",
  "zfs release imp-image tank/ROOT/a@two",
  "zfs release imp-image tank/ROOT/a@two",
  "zfs destroy tank/ROOT/a@two",
  "zfs rename tank/ROOT/a tank/ROOT/older",
  "zfs rename tank/ROOT/b tank/ROOT/c",
  "zpool set bootfs=tank/ROOT/b tank",
  "zfs destroy -r tank/ROOT/older",
  "zfs destroy -r tank/ROOT/c",
  "zfs destroy -r tank/ROOT/nope",
  "zfs destroy -r tank/ROOT/b",
  "zfs get -H -p -o value guid tank/ROOT/b",
  "zfs get -H -p -o value guid tank/ROOT/c",
];

/** A line for each act with its exit code, and how the pool stands after it where that changed. */
export async function poolStory(run: RunZfs): Promise<readonly string[]> {
  const guids = new Map<string, string>();
  const lines: string[] = [];
  let before = "";
  for (const act of acts) {
    const { exitCode, stdout } = await run(act.split(" ") as [string, ...string[]]);
    const stands = await standing(run, guids).catch((thrown: unknown) => [`  ${String(thrown).replace(/.*: /, "")}`]);
    const now = stands.join("\n");
    const shown = act.includes("-o name") ? stdout.trim().split("\n").toSorted() : [];
    lines.push(`${act} -> ${exitCode}`, ...shown, ...(now === before ? [] : stands));
    before = now;
  }
  return lines;
}

/** How the pool stands, a line for each boot environment; `guids` has the ordinals that were given. */
export async function standing(run: RunZfs, guids: Map<string, string>): Promise<readonly string[]> {
  // Whichever is there counts as what runs: a pool of its own is nobody's root.
  const names = ["a", "b", "c", "older"].map((name) => `tank/ROOT/${name}`);
  for (const name of names) {
    const there = await run(["zfs", "get", "-H", "-p", "-o", "value", "guid", name]);
    if (there.exitCode === 0)
      return described(
        await observePool({ ...simHost().start(), run: async (argv) => run(argv) }, name, AbortSignal.timeout(60_000)),
        guids,
      );
  }
  return ["  empty"];
}

function described(observed: BootenvObserved, guids: Map<string, string>): readonly string[] {
  const ordinal = (guid: string) => {
    guids.set(guid, guids.get(guid) ?? `#${guids.size + 1}`);
    return guids.get(guid) ?? "";
  };
  const lines = observed.environments.map((one) =>
    [
      `  ${one.name} ${ordinal(one.guid)}`,
      `${one.canmount} ${one.mountpoint}`,
      ...(one.origin === undefined ? [] : [`of ${one.origin}`]),
      ...Object.entries(one.properties).map(([key, value]) => `${key}=${value}`),
      ...one.snapshots.map(({ name, guid, holds }) => `${name} ${ordinal(guid)}${holds > 0 ? ` held ${holds}` : ""}`),
      ...one.below.map(({ dataset }) => dataset),
    ].join(", "),
  );
  return [...lines, `  boots ${observed.bootfs ?? "nothing"}, ${observed.pool.health}`];
}
