/** What the commands below `impctl vpp` share: which VPP, what it is to have, and what these commands made of it before. */
import { createHash } from "node:crypto";
import { Option, type Command } from "commander";
import type { Plan } from "../../reconcilers/core.ts";
import { planText } from "../../reconcilers/plan-text.ts";
import { describeStep } from "../../reconcilers/vpp/describe.ts";
import { observeVpp, usualSockets, type VppPlaces } from "../../reconcilers/vpp/instances.ts";
import {
  type InstanceDesired,
  type InstanceName,
  instances,
  type VppDesired,
  type VppObserved,
  type VppStep,
} from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import { renderVpp } from "../../reconcilers/vpp/render/render.ts";
import { usesNat } from "../../reconcilers/system/render/startup.ts";
import type { Host } from "../../reconcilers/core.ts";
import type { Machine } from "../../schemas/machine.ts";
import { Problem } from "../../schemas/problem.ts";
import { linuxHost } from "../host/linux.ts";
import { readMachine } from "./vpp-machine.ts";
import type { Terminal } from "./terminal.ts";

export interface VppOptions {
  readonly core: string;
  readonly nat: string;
  readonly apiDir?: string;
  readonly run: string;
  readonly sites?: string;
  readonly prune?: "owned" | "all";
  readonly json?: boolean;
}

/** Options of every one of them. */
export function socketOptions(command: Command): Command {
  return command
    .option("--core <socket>", "the API socket of the instance that has the NICs", usualSockets.core)
    .option("--nat <socket>", "the API socket of the instance that translates", usualSockets.nat)
    .option(
      "--api-dir <folder>",
      "where VPP's *.api.json are, for a VPP before 24.06 (default: where its package has them)",
    )
    .option("--run <folder>", "where is remembered what VPP does not show", "/run/imp")
    .option("--json", "write JSON");
}

/** And of those that know a machine. */
export function machineOptions(command: Command): Command {
  return socketOptions(command)
    .argument("<machine>", 'a machine file, or "<site>/<appliance>" of a sites repository')
    .option("-s, --sites <folder>", "the folder that holds fleet.yaml (default: the current folder, or its sites/)")
    .addOption(
      new Option(
        "--prune <what>",
        "what to remove that the machine does not have: what was applied here before, or all",
      )
        .choices(["owned", "all"])
        .default("owned"),
    );
}

export class Target {
  readonly places: VppPlaces;
  readonly host: Host;
  private readonly terminal: Terminal;
  private readonly options: VppOptions;
  private ledger: Promise<readonly VppDesired[]> | undefined;

  constructor(options: VppOptions, terminal: Terminal) {
    const { core, nat, apiDir: apiFolder } = options;
    const sockets = { core, nat };
    this.places = { sockets, run: runOf(options.run, sockets), ...(apiFolder !== undefined && { apiFolder }) };
    this.host = linuxHost({ seal: () => "", reveal: () => undefined });
    this.terminal = terminal;
    this.options = options;
  }

  machine(named: string): Promise<Machine> {
    return readMachine(named, this.options.sites, this.terminal);
  }

  /** Rejects with VPP_UNREACHABLE where no instance answers. */
  async observe(): Promise<VppObserved> {
    const why: Partial<Record<InstanceName, string>> = {};
    const observed = await observeVpp(this.host, this.places, this.terminal.signal, (instance, problem) => {
      let first: Error = problem;
      while (first.cause instanceof Error) first = first.cause;
      why[instance] = first.message;
    });
    if (observed.core ?? observed.nat) return observed;
    const { core, nat } = this.places.sockets;
    const reasons = `${core}: ${why.core ?? ""}; ${nat}: ${why.nat ?? ""}`;
    throw new Problem("VPP_UNREACHABLE", `No VPP answers on ${core} or ${nat}. ${reasons}`, {
      remedy: "Name its API socket with --core; its startup.conf has it under socksvr.",
      transient: true,
    });
  }

  /**
   * What is desired of the VPP that was observed: `when:` goes by its version. What others made goes where these commands were told
   * so. Nothing is, of an instance that the machine has no use for any more, and of what these commands made there.
   */
  async desired(machine: Machine, observed: VppObserved): Promise<VppDesired> {
    const version = (observed.core ?? observed.nat)?.version;
    const { prune: _, ...desired } = renderVpp(machine, { vpp: version });
    const applied = await this.applied();
    const left = instances.filter(
      (instance) => !desired[instance] && observed[instance] && applied.some((one) => one[instance]),
    );
    return {
      ...desired,
      ...Object.fromEntries(left.map((instance) => [instance, { objects: [] }])),
      ...(this.options.prune === "all" && { prune: "all" }),
    };
  }

  /** What there is to be done. */
  async plan(desired: VppDesired, observed: VppObserved): Promise<Plan<VppStep>> {
    return planVpp(desired, observed, await this.applied());
  }

  /** Whether nat may change: the machine has it, or something was made there. */
  async mayChangeNat(machine: Machine): Promise<boolean> {
    return usesNat(machine) || (await this.applied()).some(({ nat }) => nat);
  }

  /** What these commands applied here since VPP's box started: the last of it, and what an apply that was cut short had begun. */
  applied(): Promise<readonly VppDesired[]> {
    this.ledger ??= this.readLedger();
    return this.ledger;
  }

  private async readLedger(): Promise<readonly VppDesired[]> {
    const text = await this.host.readFile(this.ledgerPath);
    if (text === undefined) return [];
    try {
      const read: unknown = JSON.parse(text);
      if (!isLedger(read)) throw new Error("it is no list of what was applied");
      return read;
    } catch (cause) {
      throw new Problem("HOST_FILE", `${this.ledgerPath} is not as impctl wrote it.`, {
        remedy: "Remove it: what was applied before is foreign then, and stays unless --prune all.",
        cause,
      });
    }
  }

  /** What this begins is ours from now on, however it ends. */
  async begin(desired: VppDesired): Promise<void> {
    const all = [...(await this.applied()), desired];
    await this.remember((instance) => joined(all, instance));
  }

  /** It is there. Of an instance that was not `seen`, what was made stays ours. */
  async end(desired: VppDesired, seen: readonly InstanceName[]): Promise<void> {
    const applied = await this.applied();
    await this.remember((instance) => (seen.includes(instance) ? desired[instance] : joined(applied, instance)));
  }

  private async remember(of: (instance: InstanceName) => InstanceDesired | undefined): Promise<void> {
    const parts = instances.flatMap((instance) => {
      const part = of(instance);
      return part && part.objects.length > 0 ? [[instance, { objects: part.objects }] as const] : [];
    });
    const applied = [Object.fromEntries(parts)];
    await this.host.writeFile(this.ledgerPath, JSON.stringify(applied), { mode: 0o600 });
    this.ledger = Promise.resolve(applied);
  }

  text(plan: Plan<VppStep>): string {
    const mark = (word: string, impact: VppStep["impact"]) => this.terminal.style(colors[impact], word);
    return planText({ vpp: plan }, { vpp: { describe: (step) => describeStep(step as VppStep) } }, { mark });
  }

  private get ledgerPath(): string {
    return `${this.places.run}/vpp-applied.json`;
  }
}

/** All that was ever meant for it, and none of it twice. */
function joined(all: readonly VppDesired[], instance: InstanceName): InstanceDesired {
  const objects = all.flatMap((one) => one[instance]?.objects ?? []);
  return { objects: [...new Map(objects.map((object) => [JSON.stringify(object), object])).values()] };
}

function isLedger(value: unknown): value is readonly VppDesired[] {
  const isRecord = (one: unknown): one is Readonly<Record<string, unknown>> => typeof one === "object" && one !== null;
  const isInstance = (one: unknown) =>
    one === undefined || (isRecord(one) && Array.isArray(one["objects"]) && one["objects"].every(isRecord));
  const isState = (one: unknown) => isRecord(one) && instances.every((instance) => isInstance(one[instance]));
  return Array.isArray(value) && value.every(isState);
}

/** Another VPP than the appliance's own has a folder of its own: what was made of one says nothing of the other. */
function runOf(run: string, sockets: VppPlaces["sockets"]): string {
  if (sockets.core === usualSockets.core && sockets.nat === usualSockets.nat) return run;
  const name = createHash("sha256")
    .update(JSON.stringify([sockets.core, sockets.nat]))
    .digest("hex");
  return `${run}/vpp-${name.slice(0, 12)}`;
}

const colors = { hitless: "green", flap: "yellow", "session-reset": "yellow", restart: "red", reboot: "red" } as const;
