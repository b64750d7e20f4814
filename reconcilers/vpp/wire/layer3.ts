/** Layer 3 of an interface: addresses, unnumbered, unicast RPF. */
import { isLinkLocal } from "../../../schemas/semantics/view.ts";
import type { Dumps } from "../api/messages.ts";
import type { UnicastRpf, VppObject } from "../model.ts";
import { dump, dumpMany, each, type Reader, type Target, type Writer, type Writers } from "./kind.ts";
import { none } from "./names.ts";
import { inTable } from "./vrfs.ts";

/**
 * VPP lists them an interface and family at a time only. Without those that a virtual router lends its interface while it is
 * master: they come and go by themselves.
 */
export const readAddresses: Reader = async (sight) => {
  const [all, names, routers] = await Promise.all([
    sight.interfaces,
    sight.names,
    dump(sight, "vrrp_vr_dump", { sw_if_index: none }),
  ]);
  const asked = all.flatMap(({ sw_if_index }) => [false, true].map((is_ipv6) => ({ sw_if_index, is_ipv6 })));
  const found = await dumpMany(sight, "ip_address_dump", asked, ["sw_if_index", "prefix"]);
  const [lent, memberships] = [new Set(routers.flatMap(lentBy)), await sight.memberships];
  return found.flatMap(({ sw_if_index, prefix: address }): VppObject[] => {
    const on = names.nameOf(sw_if_index);
    const isLent = lent.has(`${sw_if_index} ${address.replace(/\/.*$/, "")}`);
    const family = address.includes(":") ? "ipv6" : "ipv4";
    return on === undefined || isLent
      ? []
      : [{ kind: "address", on, address, ...inTable(memberships, sw_if_index, family) }];
  });
};

/** One with the highest priority is the addresses' owner, and has them anyway; one that does not accept (2) lends none. */
function lentBy({ config, addrs }: Dumps["vrrp_vr_dump"]["details"]): readonly string[] {
  const lends = config.priority !== 255 && (config.flags & 2) !== 0;
  return lends ? addrs.map((address) => `${config.sw_if_index} ${address}`) : [];
}

/** Those that are not what VPP makes of the MAC address. Every interface with IPv6 has one, and is in the list that RA has. */
export const readLinkLocal: Reader = async (sight) => {
  const [enabled, all, names] = await Promise.all([sight.advertisements, sight.interfaces, sight.names]);
  const macs = new Map(all.map((one) => [one.sw_if_index, one.l2_address]));
  const found = await each(enabled, async ({ sw_if_index }): Promise<readonly VppObject[]> => {
    const [on, mac] = [names.nameOf(sw_if_index), macs.get(sw_if_index)];
    if (on === undefined || mac === undefined) return [];
    const { ip } = await sight.vpp.call("sw_interface_ip6_get_link_local_address", { sw_if_index });
    return ip === linkLocalOf(mac) ? [] : [{ kind: "address", on, address: `${ip}/128` }];
  });
  return found.flat();
};

/** What VPP chooses (RFC 4291, modified EUI-64), in canonical form: of "02:00:00:00:00:01" it is "fe80::ff:fe00:1". */
export function linkLocalOf(mac: string): string {
  const bytes = mac.split(":").map((byte) => Number.parseInt(byte, 16));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  const said = groups[0] === 0 ? groups.slice(1) : groups;
  return `fe80::${said.map((group) => group.toString(16)).join(":")}`;
}

export const readUnnumbered: Reader = async (sight) => {
  const found = await dump(sight, "ip_unnumbered_dump", { sw_if_index: none });
  const [names, memberships] = await Promise.all([sight.names, sight.memberships]);
  return found.flatMap(({ sw_if_index, ip_sw_if_index }): VppObject[] => {
    const [on, as] = [names.nameOf(sw_if_index), names.nameOf(ip_sw_if_index)];
    if (on === undefined || as === undefined) return [];
    return [{ kind: "unnumbered", on, as, ...inTable(memberships, sw_if_index, "ipv4") }];
  });
};

export const readUnicastRpf: Reader = async (sight) => {
  const found = await dump(sight, "urpf_interface_dump", { sw_if_index: none });
  const names = await sight.names;
  return found.flatMap(({ sw_if_index, is_input, mode, af }): VppObject[] => {
    const on = names.nameOf(sw_if_index);
    if (on === undefined || !is_input || mode === 0) return [];
    return [{ kind: "unicast-rpf", on, family: af === 0 ? "ipv4" : "ipv6", mode: mode === 1 ? "loose" : "strict" }];
  });
};

const modes = { off: 0, loose: 1, strict: 2 } as const;

/** The newer message looks the source up in the interface's own table, the older one in the main table. */
function updateRpf({ on, family }: UnicastRpf, mode: keyof typeof modes, { vpp, names }: Target): Promise<unknown> {
  const fields = {
    is_input: true,
    mode: modes[mode],
    af: family === "ipv4" ? 0 : 1,
    sw_if_index: names.interface(on),
  };
  if (vpp.has("urpf_update_v2")) return vpp.call("urpf_update_v2", fields);
  return vpp.call("urpf_update", fields);
}

const address: Writer<Extract<VppObject, { kind: "address" }>> = {
  needs: ["ip_address_dump", "sw_interface_add_del_address"],
  add: ({ on, address: prefix }, { vpp, names }) =>
    vpp.call("sw_interface_add_del_address", { sw_if_index: names.interface(on), is_add: true, prefix }),
  async remove({ on, address: prefix }, { vpp, names }) {
    const sw_if_index = names.interface(on);
    if (!isLinkLocal(prefix)) {
      return vpp.call("sw_interface_add_del_address", { sw_if_index, is_add: false, prefix });
    }
    // An interface with IPv6 always has one (-61): the one that VPP would choose comes back.
    const [details] = await vpp.dump("sw_interface_dump", { sw_if_index });
    const ip = linkLocalOf(details?.l2_address ?? "");
    return vpp.call("sw_interface_ip6_set_link_local_address", { sw_if_index, ip });
  },
};

function unnumbered(is_add: boolean, on: string, as: string, { vpp, names }: Target): Promise<unknown> {
  return vpp.call("sw_interface_set_unnumbered", {
    // The one that has the addresses, and the one that is to have them too.
    sw_if_index: names.interface(as),
    unnumbered_sw_if_index: names.interface(on),
    is_add,
  });
}

export const layer3Writers: Writers<"address" | "unnumbered" | "unicast-rpf"> = {
  address,
  unnumbered: {
    needs: ["ip_unnumbered_dump", "sw_interface_set_unnumbered"],
    add: ({ on, as }, to) => unnumbered(true, on, as, to),
    set: (before, after, to) =>
      Promise.all([unnumbered(false, before.on, before.as, to), unnumbered(true, after.on, after.as, to)]),
    remove: ({ on, as }, to) => unnumbered(false, on, as, to),
  },
  "unicast-rpf": {
    needs: ["urpf_interface_dump", "urpf_update"],
    // VPP remembers a mode by the interface's number beyond its end, and then does nothing when it is set again.
    add: (object, to) => Promise.all([updateRpf(object, "off", to), updateRpf(object, object.mode, to)]),
    set: (_, after, to) => updateRpf(after, after.mode, to),
    remove: (object, to) => updateRpf(object, "off", to),
  },
};
