/** What core has, as the sections of a machine file: a guess, out of which judge.ts takes what does not come back as it is. */
import type { Bond, CrossConnect, Vlan } from "../../reconcilers/vpp/model.ts";
import type { JsonObject, JsonValue } from "../../schemas/json.ts";
import { containersDraft } from "./containers-draft.ts";
import { type Found, nicWords } from "./found.ts";
import { natDraft } from "./nat-draft.ts";
import { named, Objects, section } from "./objects.ts";
import { portOf } from "./port-draft.ts";
import { protocolsDraft } from "./protocols-draft.ts";
import { vrfsOf } from "./vrf-draft.ts";

export function vppDraft(found: Found): JsonObject {
  const { vpp } = found;
  const core = new Objects(vpp.core);
  const nat = natDraft(found);
  const containers = containersDraft(found);
  const passed = passedVlans(core);
  const vlans = core.of("vlan").filter((vlan) => vlan.isInexact !== true && !passed.names.has(vlan.name));
  return {
    ...section("interfaces", interfacesOf(core, vlans, found, containers?.port)),
    ...section("bonds", bondsOf(core, vlans)),
    ...section(
      "loopbacks",
      named(core.of("loopback"), ({ name }) => portOf(core, name)),
    ),
    ...section("taps", tapsOf(core)),
    ...section("vxlan", tunnelsOf(core, vlans)),
    ...section("bridges", bridgesOf(core)),
    ...section("cross-connects", { ...passed.section, ...connectsOf(core, passed.names) }),
    ...section("vrfs", vrfsOf(core)),
    ...protocolsDraft(core),
    ...(nat && { nat }),
    ...containers?.sections,
    ...section("raw-vpp", { ...rawOf("core", core), ...rawOf("nat", new Objects(vpp.nat)) }),
  };
}

function interfacesOf(core: Objects, vlans: readonly Vlan[], found: Found, but = ""): JsonObject {
  const ports = core.of("host-interface").filter(({ name }) => name !== but);
  const inside = (name: string) => ({ ...portOf(core, name), ...subInterfaces(core, name, vlans) });
  return {
    ...named(core.of("physical"), ({ name }) => {
      const pci = found.nics.get(name);
      return { ...(pci !== undefined && { pci }), ...nicWords(found, name), ...inside(name) };
    }),
    ...named(ports, ({ name, device, mac }) => ({
      driver: "af-packet",
      "kernel-name": device,
      ...(mac !== undefined && { mac }),
      ...inside(name),
    })),
  };
}

function bondsOf(core: Objects, vlans: readonly Vlan[]): JsonObject {
  return named(core.of("bond"), ({ name, id, mode, balance }: Bond) => ({
    id,
    mode,
    ...(balance !== undefined && { "load-balance": balance }),
    members: core.of("bond-member").flatMap(({ on, bond }) => (bond === name ? [on] : [])),
    ...portOf(core, name),
    ...subInterfaces(core, name, vlans),
  }));
}

/** Linux sees those without linux-cp. */
function tapsOf(core: Objects): JsonObject {
  return named(core.of("tap"), ({ name, device, namespace, bridge, mac }) => {
    const { "linux-cp": _, ...port } = portOf(core, name);
    return {
      "host-interface": device,
      ...(namespace !== undefined && { namespace }),
      ...(bridge !== undefined && { bridge }),
      ...(mac !== undefined && { mac }),
      ...port,
    };
  });
}

function tunnelsOf(core: Objects, vlans: readonly Vlan[]): JsonObject {
  return named(core.of("vxlan"), ({ name, source, destination, vni }) => ({
    source,
    destination,
    vni,
    ...portOf(core, name),
    ...subInterfaces(core, name, vlans),
  }));
}

/** Only those that impctl ran, and remembers. What they disturb is a hint of whoever wrote them. */
function rawOf(instance: "core" | "nat", objects: Objects): JsonObject {
  return named(objects.of("raw"), ({ commands, undo, impact }) => ({ instance, commands, undo, impact }));
}

function subInterfaces(core: Objects, parent: string, vlans: readonly Vlan[]): JsonObject {
  const own = vlans.filter((vlan) => vlan.parent === parent);
  const one = ({ name, number, outer, inner, encapsulation }: Vlan): readonly [string, JsonValue] => [
    String(number),
    {
      ...(outer !== number && { vlan: outer }),
      ...(inner !== undefined && { "inner-vlan": inner }),
      ...(encapsulation !== "dot1q" && { encapsulation }),
      ...portOf(core, name),
    },
  ];
  return section("sub-interfaces", Object.fromEntries(own.map(one)));
}

function bridgesOf(core: Objects): JsonObject {
  return Object.fromEntries(
    core.of("bridge").map(({ id, learn, flood, forward, arpTermination, macAge }) => {
      const ports = core.of("bridge-port").filter(({ bridge }) => bridge === id);
      const own = core.of("bvi").find(({ name }) => name === `bvi${id}`);
      return [
        `bridge-${id}`,
        {
          id,
          members: ports.flatMap(({ on, isBvi }) => (isBvi ? [] : [on])),
          ...(own && { bvi: portOf(core, own.name) }),
          learn,
          flood,
          forward,
          "arp-termination": arpTermination,
          "mac-age-minutes": macAge,
        },
      ] as const;
    }),
  );
}

/** Both ends once: the one that comes first. */
function connections(core: Objects): readonly CrossConnect[] {
  const all = core.of("cross-connect");
  return all.filter(({ on, to }, at) => all.findIndex((other) => other.on === to && other.to === on) > at);
}

/** VLANs that a cross-connect passes on as they are, with nothing else on them. */
function passedVlans(core: Objects) {
  const names = new Set<string>();
  const passed: Record<string, JsonValue> = {};
  const vlans = new Map(core.of("vlan").map((vlan) => [vlan.name, vlan]));
  const tags = ({ encapsulation, outer, inner }: Vlan) => `${encapsulation} ${outer} ${inner ?? ""}`;
  const rewritten = new Set(core.of("tag-rewrite").map(({ on }) => on));
  for (const { on, to } of connections(core)) {
    const [near, far] = [vlans.get(on), vlans.get(to)];
    if (near === undefined || far === undefined || tags(near) !== tags(far)) continue;
    if (near.isInexact === true || far.isInexact === true || rewritten.has(on) || rewritten.has(to)) continue;
    for (const { name } of [near, far]) names.add(name);
    passed[`${on}-${to}`.replaceAll(".", "-")] = {
      from: near.parent,
      to: far.parent,
      vlan: near.outer,
      ...(near.inner !== undefined && { "inner-vlan": near.inner }),
      ...(near.encapsulation !== "dot1q" && { encapsulation: near.encapsulation }),
    };
  }
  return { names, section: passed };
}

function connectsOf(core: Objects, passed: ReadonlySet<string>): JsonObject {
  const own = connections(core).filter(({ on }) => !passed.has(on));
  return Object.fromEntries(own.map(({ on, to }) => [`${on}-${to}`.replaceAll(".", "-"), { from: on, to }]));
}
