/**
 * What an instance is to have as lines of VPP's CLI, for when it starts before any agent runs: what is used before what uses it,
 * and nothing that depends on whether another NIC is there. Pure. The words are those of VPP 26.06, tried line by line.
 */
import type { InstanceDesired, InstanceName, Kind, ObjectOf, VppObject } from "./model.ts";
import { type Commands, filterCommands, type Places } from "./cli/filters.ts";
import { interfaceCommands } from "./cli/interfaces.ts";
import { layer3Commands } from "./cli/layer3.ts";
import { natCommands } from "./cli/nat.ts";
import { isRemembered } from "./memory.ts";
import { planVpp } from "./plan.ts";

/**
 * A command a line, ending in a newline; none has more than a line, some are long (an ACL is one). A line that begins with "#" is
 * none: "#remember …" is an object that VPP does not show, made by the lines between it and the comment before; at "#pause" VPP is
 * to hear what Linux says of new taps, which takes IPv6 off interfaces that have addresses already.
 */
export function renderBootCommands(instance: InstanceName, desired: InstanceDesired): string {
  const objects = inOrder(instance, desired);
  const tags = objects.flatMap((object) => (object.kind === "acl" ? [object.tag] : []));
  // A VPP that has just started counts its ACLs from 0, in the order in which they come.
  const places: Places = { acls: new Map(tags.map((tag, index) => [tag, index])) };
  const lastTap = objects.findLastIndex(({ kind }) => kind === "linux-pair");
  const pauseAfter = (at: number) => (at === lastTap ? ["#pause\n"] : []);
  return objects.flatMap((object, at) => [...linesOf(object, places), ...pauseAfter(at)]).join("");
}

/** As the plan from nothing has them. */
function inOrder(instance: InstanceName, desired: InstanceDesired): readonly VppObject[] {
  const there = desired.objects.filter(({ kind }) => kind === "physical");
  const observed = { objects: there, version: "", unknown: [], missing: {} };
  const { steps } = planVpp({ [instance]: desired }, { [instance]: observed }, []);
  return steps.flatMap((step) => (step.kind !== "restart" && step.after ? [step.after] : []));
}

const commands: { readonly [K in Kind]: Commands<ObjectOf<K>> } = {
  ...interfaceCommands,
  ...layer3Commands,
  ...filterCommands,
  ...natCommands,
};

function commandsOf<K extends Kind>(object: ObjectOf<K>, places: Places): readonly string[] {
  const make: Commands<ObjectOf<K>> = commands[object.kind];
  return make(object, places);
}

function linesOf(object: VppObject, places: Places): readonly string[] {
  const lines = commandsOf(object, places);
  if (!isRemembered(object)) return lines.map((line) => `${line}\n`);
  return ["#\n", ...lines.map((line) => `${line}\n`), `#remember ${JSON.stringify(object)}\n`];
}
