/** `impctl vpp dump`: what a VPP has, as objects. Changes nothing. */
import type { Command } from "commander";
import { objectText } from "../../reconcilers/vpp/describe.ts";
import { type InstanceName, type InstanceObserved, instances, type VppObserved } from "../../reconcilers/vpp/model.ts";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { examples } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { socketOptions, Target, type VppOptions } from "./vpp-target.ts";

export function define(command: Command, terminal: Terminal): void {
  socketOptions(command)
    .argument("[machine]", "a machine file: only the instances of VPP that it has a use for")
    .option("-s, --sites <folder>", "the folder that holds fleet.yaml (default: the current folder, or its sites/)")
    .action(async (machine: string | undefined, options: VppOptions) => {
      const target = new Target(options, terminal);
      const wanted = machine === undefined ? undefined : await target.machine(machine);
      const all = await target.observe();
      const used = wanted && (await target.desired(wanted, all));
      const observed = used ? { ...(used.core && pick(all, "core")), ...(used.nat && pick(all, "nat")) } : all;
      if (options.json) return terminal.out(printableJson(JSON.stringify(observed, undefined, 2)));
      const texts = instances.flatMap((instance) => {
        const one = observed[instance];
        return one ? [instanceText(instance, one)] : [];
      });
      return terminal.out(printableLines(texts.join("\n\n")));
    });
  examples(command, ["impctl vpp dump", "impctl vpp dump --core /run/vpp/api.sock --json | jq '.core.objects[].kind'"]);
}

function pick(observed: VppObserved, instance: InstanceName): VppObserved {
  const one = observed[instance];
  return one ? { [instance]: one } : {};
}

function instanceText(instance: string, { version, objects, unknown, missing }: InstanceObserved): string {
  return [
    `${instance}: VPP ${version}`,
    ...objects.map((object) => `  ${objectText(object)}`),
    ...unknown.map((kind) => `  not known: ${kind}, which VPP does not show`),
    ...Object.entries(missing).map(([kind, why]) => `  not there: ${kind}: ${why}`),
  ].join("\n");
}
