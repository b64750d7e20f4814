/** Crash tests on the smallest plane and the system plane: what a unit read must be what stands on the disk. */
import { catalogue, chain } from "../../reconcilers/system/catalogue.ts";
import type { SystemFile } from "../../reconcilers/system/model.ts";
import { boxOf, every, type Ground } from "./crash-ground.ts";
import type { Sim } from "./host.ts";
import { bootFile, restartPlane, shown, stateFolder, story, textOf, type Story } from "./story.ts";
import { filesOf, shownFile } from "./system-host.ts";

const paths = catalogue.map(({ path }) => path);

/** `theirs` is what somebody else wrote, which has to be there whenever nothing of ours is. */
export const linesAndSystem = (theirs: readonly SystemFile[]): Ground => ({
  name: "system",
  every: every(11),
  open(from) {
    const s = story(from && { from: from.box, lines: from.lines });
    s.plane.restarts = from?.restarts ?? 0;
    for (const [unit, was] of from?.read ?? []) s.systemd.read.set(unit, was);
    s.answering.add("192.0.2.1");
    const disk = (): readonly string[] => paths.flatMap((path) => shownFile(s.sim, path));
    const units = (read: (unit: string) => string): readonly string[] =>
      chain.flatMap(({ unit }) => (read(unit) === "" ? [] : [`${unit} read ${read(unit)}`]));
    return boxOf(
      s,
      undefined,
      {
        runs: () => shown([...s.plane.live, ...disk(), ...units((unit) => s.systemd.read.get(unit) ?? "")]),
        starts: () =>
          shown([
            ...(textOf(s, bootFile) ?? "").split("\n").filter(Boolean),
            ...disk(),
            ...units((unit) => filesOf(s.sim, unit)),
          ]),
        jam: () => undefined,
        startPlane: () => boot(s),
      },
      () => [],
    );
  },
  holding(generation) {
    const files = generation?.desired.system.files ?? [];
    const disk = new Map([...theirs, ...files].map((file) => [file.path, file]));
    const sim = { files: disk } as unknown as Sim;
    const lines = (generation?.desired.frr.config ?? "").split("\n").filter(Boolean);
    const units = chain.flatMap(({ unit }) =>
      filesOf(sim, unit) === "" ? [] : [`${unit} read ${filesOf(sim, unit)}`],
    );
    return shown([...lines, ...paths.flatMap((path) => shownFile(sim, path)), ...units]);
  },
});

/** As the boot script does it: the files of what is committed, then everything starts. */
function boot(s: Story): void {
  const link = s.sim.files.get(`${stateFolder}/committed.d/default`);
  const digest = link && "target" in link ? link.target.split("/").at(-1) : undefined;
  const restore = textOf(s, `${stateFolder}/generations/${digest}/restore`) ?? "";
  for (const line of restore.split("\n")) {
    const [key, mode = "", uid, gid, source = "", target = ""] = line.split(" ");
    if (key !== "file") continue;
    const owner = { uid: Number(uid), gid: Number(gid) };
    s.sim.files.set(target, { text: textOf(s, source) ?? "", mode: Number.parseInt(mode, 8), owner });
  }
  s.systemd.read.clear();
  for (const { unit } of chain) if (filesOf(s.sim, unit) !== "") s.systemd.start(unit);
  restartPlane(s.sim, s.plane, undefined);
}
