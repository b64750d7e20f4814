/** What core has beside interfaces: limits, steering, VRRP, DHCP relay and LLDP. */
import type { JsonObject } from "../../schemas/json.ts";
import { aclDraft } from "./acl-draft.ts";
import { named, type Objects, section } from "./objects.ts";

export function protocolsDraft(core: Objects): JsonObject {
  return {
    ...section("acls", Object.fromEntries(core.of("acl").flatMap(({ tag, rules }) => aclEntry(tag, rules)))),
    ...section("abf", steeringOf(core)),
    ...section("policers", policersOf(core)),
    ...section("vrrp", vrrpOf(core)),
    ...section("dhcp-relay", relaysOf(core)),
    ...lldpOf(core),
  };
}

/** One that is known by its number has no name, and one that is derived is not written. */
function aclEntry(tag: string, rules: Parameters<typeof aclDraft>[0]): readonly (readonly [string, JsonObject])[] {
  return /[:#]/.test(tag) ? [] : [[tag, aclDraft(rules)]];
}

/** Not over links to the second instance, which are of `nat`. Of one policy all attachments have one word for family and priority, and all next hops one interface. */
function steeringOf(core: Objects): JsonObject {
  const attached = Map.groupBy(core.of("abf-attachment"), ({ policy }) => policy);
  return Object.fromEntries(
    core.of("abf-policy").flatMap(({ id, acl, paths }) => {
      const [first, ...more] = attached.get(id) ?? [];
      const [hop] = paths;
      const isOne =
        more.every(({ family, priority }) => family === first?.family && priority === first.priority) &&
        paths.every((other) => other.interface === hop?.interface && other.elsewhere === undefined);
      if (first === undefined || hop === undefined || !isOne || /[:#]/.test(acl)) return [];
      if (hop.interface?.startsWith("memif") === true) return [];
      const via = paths.flatMap((one) => one.via ?? []);
      const entry = {
        id,
        acl,
        family: first.family,
        ...(via.length > 0 && { via }),
        ...(hop.interface !== undefined && { interface: hop.interface }),
        on: [first, ...more].map(({ on }) => on),
        priority: first.priority,
      };
      return [[`${acl}-${id}`, entry] as const];
    }),
  );
}

function policersOf(core: Objects): JsonObject {
  return named(core.of("policer"), ({ rateKbps, burstBytes, exceed }) => ({
    "rate-kbps": rateKbps,
    "burst-bytes": burstBytes,
    exceed: typeof exceed === "number" ? { dscp: exceed } : exceed,
  }));
}

function vrrpOf(core: Objects): JsonObject {
  return Object.fromEntries(
    core.of("vrrp").map((one) => [
      `${one.on}-${one.id}-${one.family}`.replaceAll(".", "-"),
      {
        interface: one.on,
        id: one.id,
        family: one.family,
        addresses: one.addresses,
        priority: one.priority,
        "interval-ms": one.interval * 10,
        preempt: one.preempt,
        accept: one.accept,
        ...(one.peers.length > 0 && { peers: one.peers }),
        ...section("track", Object.fromEntries(one.track)),
      },
    ]),
  );
}

function relaysOf(core: Objects): JsonObject {
  return Object.fromEntries(
    core
      .of("dhcp-relay")
      .map(({ server, source }) => [`to-${server}`.replaceAll(/[^A-Za-z0-9]+/g, "-"), { server, source }]),
  );
}

function lldpOf(core: Objects): JsonObject {
  const [lldp] = core.of("lldp");
  if (lldp === undefined) return {};
  const ports = core.of("lldp-port").map(({ on, description }) => [on, { "port-description": description }] as const);
  return {
    lldp: {
      "system-name": lldp.systemName,
      "interval-seconds": lldp.interval,
      hold: lldp.hold,
      interfaces: Object.fromEntries(ports),
    },
  };
}
