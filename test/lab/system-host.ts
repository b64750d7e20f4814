/** systemd on a simulated appliance: what is asked of its units, and which start of each runs. */
import type { RunResult } from "../../reconcilers/core.ts";
import { catalogue, chain } from "../../reconcilers/system/catalogue.ts";
import type { Sim } from "./host.ts";

export interface SimSystemd {
  /** What was asked: "restart vpp-core.service", "hostnamectl hostname --transient". */
  readonly history: string[];
  /** Units that fail to start with files of theirs; without any, their condition keeps them from starting. */
  readonly failing: Set<string>;
  /** Told of what the agent asks just before it is done. */
  asked: (what: string) => void;
  /** Told of each unit just before it reads its files. */
  starting: (unit: string) => void;
  /** By unit: its files, as they were when it read them. */
  readonly read: Map<string, string>;
  /** Starts a unit, as if somebody had asked for it. */
  start(unit: string): void;
}

export function simSystemd(sim: Sim): SimSystemd {
  let starts = 0;
  function read(unit: string): void {
    self.read.set(unit, filesOf(sim, unit));
    if (unit === "systemd-sysctl.service") setParameters(sim, "/etc/sysctl.d/90-imp.conf");
    self.starting(unit);
  }
  const self: SimSystemd = {
    history: [],
    failing: new Set(),
    read: new Map(),
    asked: () => undefined,
    starting: () => undefined,
    start(unit) {
      starts += 1;
      read(unit);
      sim.files.set(`/run/systemd/units/invocation:${unit}`, { target: `start-${starts}` });
    },
  };
  for (const { unit } of chain) sim.files.set(`/lib/systemd/system/${unit}`, { text: "", mode: 0o644 });
  sim.answer(([program, ...rest]): RunResult | undefined => {
    const [verb = "", unit = ""] = rest;
    const done = (exitCode: number, stderr = ""): RunResult => ({ exitCode, stdout: "", stderr });
    if (program === "hostnamectl") {
      self.history.push([program, ...rest].join(" ").trim());
      self.asked("the hostname");
      read("systemd-hostnamed.service");
      return done(0);
    }
    if (program === "/usr/lib/systemd/systemd-sysctl") {
      setParameters(sim, verb);
      return done(0);
    }
    if (program !== "systemctl" || !["restart", "reload-or-restart"].includes(verb)) return undefined;
    self.history.push(`${verb} ${unit}`);
    self.asked(`${verb} ${unit}`);
    if (self.failing.has(unit) && filesOf(sim, unit) !== "") {
      if (verb === "restart") sim.files.delete(`/run/systemd/units/invocation:${unit}`);
      return done(1, `Job for ${unit} failed.`);
    }
    if (verb === "restart") self.start(unit);
    else read(unit);
    return done(0);
  });
  return self;
}

/** What a unit would read now; "" when none of its files is there. */
export function filesOf(sim: Sim, unit: string): string {
  const paths = catalogue.filter(({ units }) => units.includes(unit)).map(({ path }) => path);
  return paths.flatMap((path) => shownFile(sim, path)).join("; ");
}

export function shownFile(sim: Sim, path: string): readonly string[] {
  const node = sim.files.get(path);
  return node && "text" in node ? [`${path} ${node.mode.toString(8)} ${JSON.stringify(node.text)}`] : [];
}

/** What a file says of the parameters that this kernel has. */
function setParameters(sim: Sim, path: string): void {
  const node = sim.files.get(path);
  for (const line of node && "text" in node ? node.text.split("\n") : []) {
    const [name = "", value = ""] = line.split(" = ");
    const place = `/proc/sys/${name.replaceAll(".", "/")}`;
    if (sim.files.has(place)) sim.files.set(place, { text: `${value}\n`, mode: 0o644 });
  }
}
