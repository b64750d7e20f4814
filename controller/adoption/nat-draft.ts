/**
 * The second instance as `nat`: which links lead to it, what it translates, and what core steers there. The inverse of
 * reconcilers/vpp/render/nat.ts and nat-steering.ts, also of what somebody set up by hand: other names and numbers than the agent's are found out by that.
 */
import type { AbfPolicy, AclRule } from "../../reconcilers/vpp/model.ts";
import { broadcast, rfc1918 } from "../../reconcilers/vpp/render/nat-steering.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { cidrOf, covers, isPrivate } from "../../schemas/semantics/networks.ts";
import { isLinkLocal } from "../../schemas/semantics/view.ts";
import type { Found } from "./found.ts";
import { Objects, section } from "./objects.ts";

interface Instances {
  readonly core: Objects;
  readonly nat: Objects;
}

interface End {
  readonly name: string;
  /** With length. */
  readonly address: string | undefined;
}

/** Both ends of a memif link. */
interface Link {
  readonly core: End;
  readonly nat: End;
}

interface Links {
  readonly internal: Link | undefined;
  readonly external: Link | undefined;
}

/** undefined: nothing is translated. */
export function natDraft({ vpp, frr }: Found): JsonObject | undefined {
  const both = { core: new Objects(vpp.core), nat: new Objects(vpp.nat) };
  const parts = { ...det44Of(both, frr.config), ...nat64Of(both, frr.config) };
  return Object.keys(parts).length === 0 ? undefined : parts;
}

/** Whether what containers send is steered to det44; undefined: nothing is translated. */
export function steersContainers({ vpp }: Found, port: string): boolean | undefined {
  const both = { core: new Objects(vpp.core), nat: new Objects(vpp.nat) };
  if (!translates(both.nat)) return undefined;
  const policies = policiesTo(linksOf(both, "det44").internal, both);
  return attachedTo(policies, both).includes(port);
}

function translates(nat: Objects): boolean {
  return nat.of("det44-mapping").length + nat.of("det44-role").length > 0;
}

function det44Of(both: Instances, config: string): JsonObject {
  const { core, nat } = both;
  const mappings = nat.of("det44-mapping");
  if (!translates(nat)) return {};
  const links = linksOf(both, "det44");
  const [timeouts] = nat.of("det44-timeouts");
  const pools = poolsOf(
    links.external,
    mappings.map(({ outside }) => outside),
    both,
  );
  const policies = policiesTo(links.internal, both);
  const bypass = bypassOf(policies, core);
  return {
    det44: {
      inside: attachedTo(policies, both).filter((on) => !on.startsWith("host-")),
      pools: poolSection(pools, links, config),
      mappings: Object.fromEntries(
        mappings.map(({ inside, outside }) => [nameOf(inside), { source: inside, pool: nameOf(outside) }]),
      ),
      ...section("bypass", bypass),
      ...linkSection(links),
      ...(timeouts && {
        timeouts: {
          udp: timeouts.udp,
          "tcp-established": timeouts.tcpEstablished,
          "tcp-transitory": timeouts.tcpTransitory,
          icmp: timeouts.icmp,
        },
      }),
    },
  };
}

function nat64Of(both: Instances, config: string): JsonObject {
  const [prefix] = both.nat.of("nat64-prefix");
  const addresses = both.nat.of("nat64-pool").map(({ address }) => `${address}/32`);
  if (prefix === undefined) return {};
  const links = linksOf(both, "nat64");
  const routed = routedTo(links.external, both);
  const alone = addresses.filter((address) => !routed.some((pool) => isIn(address, pool)));
  const pools = [...routed.filter((pool) => addresses.some((address) => isIn(address, pool))), ...alone];
  const on = attachedTo(policiesTo(links.internal, both), both);
  return {
    nat64: {
      prefix: prefix.prefix,
      pools: poolSection(pools, links, config),
      // Containers belong to it by themselves, where it says nothing.
      ...(!on.some((port) => port.startsWith("host-")) && { inside: on }),
      ...linkSection(links),
    },
  };
}

/** By the roles that the interfaces have there, and by the socket at which both ends meet. */
function linksOf({ core, nat }: Instances, module: "det44" | "nat64"): Links {
  const roles = module === "det44" ? nat.of("det44-role") : nat.of("nat64-role");
  const linkOn = (side: "inside" | "outside"): Link | undefined => {
    const on = roles.find((role) => role.side === side)?.on;
    const there = nat.of("memif").find(({ name }) => name === on);
    const path = nat.of("memif-socket").find(({ id }) => id === there?.socket)?.path;
    const socket = core.of("memif-socket").find((one) => one.path === path)?.id;
    const here = core.of("memif").find((one) => one.socket === socket && one.id === there?.id);
    if (there === undefined || here === undefined) return undefined;
    return { core: endOf(core, here.name), nat: endOf(nat, there.name) };
  };
  return { internal: linkOn("inside"), external: linkOn("outside") };
}

function endOf(objects: Objects, name: string): End {
  const [address] = objects.on("address", name).filter(({ address: one }) => !isLinkLocal(one));
  return { name, address: address?.address };
}

function linkSection({ internal, external }: Links): JsonObject {
  const of = (link: Link | undefined): JsonObject =>
    link?.core.address === undefined || link.nat.address === undefined
      ? {}
      : { core: link.core.address, nat: link.nat.address };
  return section("links", { ...section("internal", of(internal)), ...section("external", of(external)) });
}

/** Pools of mappings, and what else is routed to the external link, in core. */
function poolsOf(external: Link | undefined, outsides: readonly string[], both: Instances): readonly string[] {
  const others = routedTo(external, both).filter(
    (prefix) => !outsides.some((outside) => isIn(outside, prefix) || isIn(prefix, outside)),
  );
  return [...new Set([...outsides, ...others])];
}

function routedTo(external: Link | undefined, { core }: Instances): readonly string[] {
  const via = bare(external?.nat.address);
  const routes = core.of("route").filter(({ table, paths }) => table === undefined && paths.length === 1);
  return routes.flatMap(({ prefix, paths: [path] }) =>
    via !== undefined && path?.via === via && path.interface === external?.core.name ? [prefix] : [],
  );
}

function poolSection(pools: readonly string[], { external }: Links, config: string): JsonObject {
  return Object.fromEntries(
    pools.map((prefix) => {
      const isRouted = new RegExp(`^ip route ${escaped(prefix)} ${escaped(bare(external?.nat.address) ?? "")} `, "m");
      const isAnnounced = new RegExp(`^ +network ${escaped(prefix)}$`, "m");
      const announce = isRouted.test(config) && isAnnounced.test(config);
      return [nameOf(prefix), { prefix, ...(!announce && { announce: false }) }];
    }),
  );
}

/** Those whose next hop is the other end of the internal link. */
function policiesTo(internal: Link | undefined, { core }: Instances): readonly AbfPolicy[] {
  const via = bare(internal?.nat.address);
  return core.of("abf-policy").filter(({ paths }) => via !== undefined && paths.some((path) => path.via === via));
}

function attachedTo(policies: readonly AbfPolicy[], { core }: Instances): readonly string[] {
  const ids = new Set(policies.map(({ id }) => id));
  const attached = core.of("abf-attachment").filter(({ policy }) => ids.has(policy));
  return [...new Set(attached.map(({ on }) => on))];
}

/** What their ACLs leave out beside the networks that the agent leaves out by itself, each of which once. */
function bypassOf(policies: readonly AbfPolicy[], core: Objects): JsonObject {
  const connected = core.of("address").flatMap(({ address }) => {
    const cidr = cidrOf(address);
    return cidr?.family === "ipv4" && isPrivate(cidr.network) ? [cidr.network] : [];
  });
  const pairs = policies.flatMap(({ acl }) => {
    const rules = core.of("acl").find(({ tag }) => tag === acl)?.rules ?? [];
    const network = rules.find(({ action }) => action === "permit")?.source;
    const usual = new Set([...connected, ...rfc1918, broadcast]);
    return rules.filter((rule: AclRule) => {
      const isUsual = rule.source === network && usual.delete(rule.destination);
      return rule.action === "deny" && !isUsual;
    });
  });
  return Object.fromEntries(
    pairs.map(({ source, destination }) => [`${nameOf(source)}-${nameOf(destination)}`, { source, destination }]),
  );
}

function isIn(inner: string, outer: string): boolean {
  const [one, other] = [cidrOf(inner), cidrOf(outer)];
  return one !== undefined && other !== undefined && covers(other, one);
}

function bare(cidr: string | undefined): string | undefined {
  return cidr?.replace(/\/.*$/, "");
}

/** "203.0.113.0-29" */
function nameOf(prefix: string): string {
  return prefix.replaceAll(/[^A-Za-z0-9.]+/g, "-");
}

function escaped(text: string): string {
  return text.replaceAll(/[.]/g, "\\.");
}
