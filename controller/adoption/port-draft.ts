/** What an interface of core has, as its part of a machine file: the inverse of reconcilers/vpp/render/layer3.ts. */
import { byItself, infinite } from "../../reconcilers/vpp/wire/advertisements.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { isLinkLocal } from "../../schemas/semantics/view.ts";
import { type Objects, section } from "./objects.ts";
import { vrfName } from "./vrf-draft.ts";

/** What all interfaces have, with what is so by default written out. */
export function portOf(core: Objects, ref: string): JsonObject {
  const [settings] = core.on("settings", ref);
  const [unnumbered] = core.on("unnumbered", ref);
  const [pair] = core.on("linux-pair", ref);
  const [acls] = core.on("interface-acls", ref);
  const [rpf] = core.on("unicast-rpf", ref);
  const policers = core.on("policer-use", ref).map(({ direction, policer }) => [direction, policer] as const);
  // Which of the link-local ones somebody chose cannot be told.
  const addresses = core.on("address", ref).flatMap(({ address }) => (isLinkLocal(address) ? [] : [address]));
  return {
    ...(settings?.up === false && { enabled: false }),
    ...(settings?.mtu !== undefined && { mtu: settings.mtu }),
    ...(addresses.length > 0 && { addresses }),
    ...(unnumbered && { unnumbered: unnumbered.as }),
    ...section("neighbors", Object.fromEntries(core.on("neighbor", ref).map(({ address, mac }) => [address, mac]))),
    ...vrfOf(core, ref),
    "linux-cp": pair?.name ?? false,
    ...advertisementsOf(core, ref),
    ...(acls && { acl: { in: acls.in, out: acls.out } }),
    ...section("policer", Object.fromEntries(policers)),
    ...(rpf && { "unicast-rpf": rpf.mode }),
  };
}

/** Only one in which it has both families has a word. */
function vrfOf(core: Objects, ref: string): JsonObject {
  const [one, other, ...more] = core.on("vrf-member", ref).map(({ table }) => table);
  return one === undefined || one !== other || more.length > 0 ? {} : { vrf: vrfName(one) };
}

function advertisementsOf(core: Objects, ref: string): JsonObject {
  const [own] = core.on("router-advertisements", ref);
  const advertised = core.on("advertised-prefix", ref);
  if (own === undefined && advertised.length === 0) return {};
  const ra = own ?? byItself;
  // VPP shows what is left of a lifetime, and nobody can tell what it was.
  const ends = advertised.some(({ valid, preferred }) => valid !== infinite || preferred !== infinite);
  if (ends && !core.isRemembered) return {};
  const prefixes = advertised.map(
    ({ prefix, valid, preferred, onLink, autonomous }) =>
      [
        prefix,
        {
          "valid-lifetime": valid,
          "preferred-lifetime": preferred,
          ...(!onLink && { "on-link": false }),
          ...(!autonomous && { autonomous: false }),
        },
      ] as const,
  );
  return {
    "router-advertisements": {
      ...(!ra.sends && { suppress: true }),
      "max-interval": ra.maxInterval,
      "min-interval": ra.minInterval,
      "lifetime-seconds": ra.lifetime,
      ...(ra.managed && { managed: true }),
      ...(ra.other && { other: true }),
      ...section("prefixes", Object.fromEntries(prefixes)),
    },
  };
}
