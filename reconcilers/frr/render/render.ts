/** A machine's routing as FRR's canonical configuration. */
import type { Machine } from "../../../schemas/machine.ts";
import { type Port, portsOf } from "../../../schemas/ports.ts";
import { cidrOf, networks } from "../../../schemas/semantics/networks.ts";
import { isLinkLocal } from "../../../schemas/semantics/view.ts";
import type { ProgramVersions } from "../../../schemas/when.ts";
import type { FrrDesired, RawBlock } from "../model.ts";
import { mergeConfigs, printConfig } from "../tree.ts";
import { renderBgp } from "./bgp.ts";
import { applying, type RenderContext } from "./lines.ts";
import { withDrains } from "./drain.ts";
import { hygieneNotes, withHygiene } from "./hygiene.ts";
import { renderLists, renderRouteMaps } from "./lists.ts";
import { renderBfd, renderOspf, renderOspfInterfaces } from "./ospf.ts";
import { renderStatic } from "./static.ts";
import { renderVrfs } from "./vrfs.ts";

/**
 * `versions` are those of the image, for `when:`; `seal` gives the sealed form of a secret by its name. The text is what
 * `show running-config` prints after it was applied, in an order in which a starting FRR can read it.
 */
export function renderFrr(written: Machine, versions: ProgramVersions, seal: (name: string) => string): FrrDesired {
  const machine = withDrains(withHygiene(written));
  const ports = portsOf(machine);
  const context: RenderContext = { versions, seal, linux: (ref) => ports.get(ref)?.linux ?? ref };
  const { routing } = machine;
  const { bgp, ospf, ospf3, bfd } = routing;
  const routerId = routing["router-id"];
  const raw = rawBlocks(machine, versions);
  const lines = [
    ...renderLists(routing),
    ...renderRouteMaps(routing, context),
    ...renderStatic(machine, context),
    ...(bfd ? renderBfd(bfd, context) : []),
    ...(ospf ? renderOspf("ospf", ospf, routerId) : []),
    ...(ospf3 ? renderOspf("ospf6", ospf3, routerId) : []),
    ...(ospf ? renderOspfInterfaces("ospf", ospf.interfaces, context) : []),
    ...(ospf3 ? renderOspfInterfaces("ospf6", ospf3.interfaces, context) : []),
    ...(bgp ? renderBgp(machine, bgp, context) : []),
    ...renderVrfs(machine, context),
  ];
  const config = printConfig(mergeConfigs([lines.join("\n"), ...raw.map(rawText)]));
  const reach = reachOf(machine, ports);
  const notes = hygieneNotes(written);
  return {
    config,
    ...(raw.length > 0 && { raw }),
    ...(Object.keys(reach).length > 0 && { reach }),
    ...(notes.length > 0 && { notes }),
  };
}

/** Over which interface of Linux the peers in connected networks are. */
function reachOf(machine: Machine, ports: ReadonlyMap<string, Port>): NonNullable<FrrDesired["reach"]> {
  const own = [...ports.values()].flatMap(({ linux, settings: { addresses } }) =>
    linux === undefined ? [] : addresses.flatMap((text) => cidrOf(text) ?? []).map((cidr) => [cidr, linux] as const),
  );
  const connected = networks(own.filter(([{ address }]) => !isLinkLocal(address)));
  const peers = Object.values(machine.routing.bgp?.peers ?? {});
  return Object.fromEntries(
    peers.flatMap(({ address = "" }) => {
      const linux = connected.find(address);
      return linux === undefined ? [] : [[address, linux] as const];
    }),
  );
}

function rawBlocks(machine: Machine, versions: ProgramVersions): readonly RawBlock[] {
  const words = (line: string) => line.trim().replaceAll(/\s+/g, " ");
  return applying(machine.routing.raw, versions).map(([name, block]) => ({
    name,
    context: block.context.map(words),
    lines: block.lines.map((line) => line.trimEnd()),
    ...(block.undo && { undo: block.undo.map(words) }),
    impact: block.impact,
  }));
}

/** Its lines, indented as deep as they stand. */
function rawText({ context, lines }: RawBlock): string {
  const heads = context.map((head, depth) => " ".repeat(depth) + head);
  return [...heads, ...lines.map((line) => " ".repeat(context.length) + line)].join("\n");
}
