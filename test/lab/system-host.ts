/** systemd on a simulated appliance: what is asked of its units, and which start of each runs. */
import type { RunResult } from "../../reconcilers/core.ts";
import type { Sim } from "./host.ts";

export interface SimSystemd {
  /** What was asked: "restart vpp-core.service", "hostnamectl hostname --transient". */
  readonly history: string[];
  /** Units that fail to start. */
  readonly failing: Set<string>;
  /** Told of each unit just before it reads its files. */
  starting: (unit: string) => void;
  /** Starts a unit, as if somebody had asked for it. */
  start(unit: string): void;
}

export function simSystemd(sim: Sim): SimSystemd {
  let starts = 0;
  const self: SimSystemd = {
    history: [],
    failing: new Set(),
    starting: () => undefined,
    start(unit) {
      starts += 1;
      self.starting(unit);
      sim.files.set(`/run/systemd/units/invocation:${unit}`, { target: `start-${starts}` });
    },
  };
  sim.answer(([program, ...rest]): RunResult | undefined => {
    const [verb = "", unit = ""] = rest;
    const done = (exitCode: number, stderr = ""): RunResult => ({ exitCode, stdout: "", stderr });
    if (program === "hostnamectl") {
      self.history.push([program, ...rest].join(" ").trim());
      return done(0);
    }
    if (program !== "systemctl" || !["restart", "reload-or-restart"].includes(verb)) return undefined;
    self.history.push(`${verb} ${unit}`);
    if (self.failing.has(unit)) return done(1, `Job for ${unit} failed.`);
    if (verb === "restart") self.start(unit);
    else self.starting(unit);
    return done(0);
  });
  return self;
}
