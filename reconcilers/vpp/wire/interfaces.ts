/** Interfaces that stand by themselves, and sub-interfaces: NICs, host-interfaces, taps, loopbacks, BVIs, VLANs, VXLAN tunnels. */
import { Problem } from "../../../schemas/problem.ts";
import type { Dumps } from "../api/messages.ts";
import type { HostInterface, Physical, Tap, Vlan, VppObject, Vxlan } from "../model.ts";
import { dump, type Reader, type Sight, type Target, type Writer, type Writers } from "./kind.ts";
import { bonds } from "./bonds.ts";
import { type InterfaceDetails, none } from "./names.ts";
import { type Claim, gone, named, usualNames } from "./making.ts";
import { memifs } from "./memif.ts";

/** Whatever no other kind claims was given to VPP at its start. */
export const readInterfaces: Reader = async (sight) => {
  const claims = await Promise.all([hostInterfaces(sight), taps(sight), bonds(sight), memifs(sight), vxlans(sight)]);
  const claimed = new Map(claims.flat().flatMap(({ index, make }) => [[index, make] as const]));
  const [all, names] = await Promise.all([sight.interfaces, sight.names]);
  return all.flatMap((details) => {
    const object = claimed.get(details.sw_if_index)?.(details) ?? lone(details, names.nameOf(details.sup_sw_if_index));
    if (names.nameOf(details.sw_if_index) !== undefined) return [object];
    // Another one has its name, as where that one was to go and did not: it still has its device, or its number.
    if (object.kind === "host-interface") return [{ ...object, name: usualNames.hostInterface(object.device) }];
    return object.kind === "bond" ? [{ ...object, name: usualNames.bond(object.id) }] : [];
  });
};

async function hostInterfaces(sight: Sight): Promise<readonly Claim[]> {
  const found = await dump(sight, "af_packet_dump");
  return found.map(({ sw_if_index: index, host_if_name: device }) => ({
    index,
    make: ({ interface_name: name, l2_address: mac }) => ({ kind: "host-interface", name, device, mac }),
  }));
}

async function taps(sight: Sight): Promise<readonly Claim[]> {
  const found = await dump(sight, "sw_interface_tap_v2_dump", { sw_if_index: none });
  return found.map((tap) => ({
    index: tap.sw_if_index,
    make: ({ interface_name: name, l2_address: mac }) => ({
      kind: "tap",
      name,
      id: tap.id,
      device: tap.host_if_name,
      ...(tap.host_namespace !== "" && { namespace: tap.host_namespace }),
      ...(tap.host_bridge !== "" && { bridge: tap.host_bridge }),
      mac,
    }),
  }));
}

async function vxlans(sight: Sight): Promise<readonly Claim[]> {
  const found = await dump(sight, "vxlan_tunnel_v2_dump", { sw_if_index: none });
  return found.map((tunnel: Dumps["vxlan_tunnel_v2_dump"]["details"]) => ({
    index: tunnel.sw_if_index,
    make: ({ interface_name: name }) => ({
      kind: "vxlan",
      name,
      source: tunnel.src_address,
      destination: tunnel.dst_address,
      vni: tunnel.vni,
    }),
  }));
}

/** `parent`: of a sub-interface. */
function lone(details: InterfaceDetails, parent: string | undefined): VppObject {
  const { interface_name: name, interface_dev_type: type, l2_address: mac, sub_if_flags: flags } = details;
  if (details.type === 1) {
    return {
      kind: "vlan",
      name,
      parent: parent ?? "",
      number: details.sub_id,
      encapsulation: (flags & 8) === 0 ? "dot1q" : "dot1ad",
      outer: details.sub_outer_vlan_id,
      ...((flags & 4) !== 0 && { inner: details.sub_inner_vlan_id }),
      ...(isInexact(flags) && { isInexact: true }),
    };
  }
  if (type === "Loopback") return { kind: "loopback", name, mac };
  if (type === "BVI") return { kind: "bvi", name, mac };
  return { kind: "physical", name };
}

/** 2 one tag, 4 two, 16 exactly these, 32 all others, 64 and 128 any tag. */
function isInexact(flags: number): boolean {
  return (flags & 0x16) <= 0x10 || (flags & 0xe0) !== 0;
}

/** The number behind a prefix: of "loop12", 12. */
function instanceOf(name: string): number {
  const digits = /\d+$/.exec(name)?.[0];
  if (digits === undefined) throw new Problem("INTERNAL", `${name} has no number`);
  return Number(digits);
}

const notOurs: Pick<Writer<Physical>, "add" | "remove"> = {
  add: ({ name }) =>
    Promise.reject(
      new Problem("VPP_REFUSED", `VPP has no interface ${name}`, {
        remedy: "A NIC is given to VPP at its start: see /etc/vpp/startup-core.conf and `impctl doctor`.",
      }),
    ),
  remove: ({ name }) => Promise.reject(new Problem("INTERNAL", `${name} cannot be taken from VPP`)),
};

/**
 * Packets skip Linux's queueing, and bring their checksums as Linux has them: a device of Linux leaves those of TCP and UDP to
 * whoever sends last, which is VPP then (tried: without it no TCP of a container gets through). Linux must not put several
 * packets into one on the way in (`ip link set … gso_max_segs 1`), nor may the device have its checksums switched off: VPP
 * loses everything that it sends into one.
 */
const hostInterfaceFlags = 1 | 2;

const hostInterface: Pick<Writer<HostInterface>, "add" | "remove"> = {
  add: ({ name, device, newMac, mac = newMac }, to) =>
    named(
      to,
      name,
      usualNames.hostInterface(device),
      to.vpp.call("af_packet_create_v3", {
        mode: 1,
        use_random_hw_addr: mac === undefined,
        ...(mac !== undefined && { hw_addr: mac }),
        host_if_name: device,
        flags: hostInterfaceFlags,
      }),
    ),
  // By its device: another one may have its name.
  remove: ({ name, device }, to) => {
    to.names.interfaceGone(name);
    return to.vpp.call("af_packet_delete", { host_if_name: device });
  },
};

const tap: Pick<Writer<Tap>, "add" | "remove"> = {
  add: ({ name, id, device, namespace, bridge, mac }, to) =>
    named(
      to,
      name,
      usualNames.tap(id),
      to.vpp.call("tap_create_v3", {
        id,
        use_random_mac: mac === undefined,
        ...(mac !== undefined && { mac_address: mac }),
        host_if_name_set: true,
        host_if_name: device,
        ...(namespace !== undefined && { host_namespace_set: true, host_namespace: namespace }),
        ...(bridge !== undefined && { host_bridge_set: true, host_bridge: bridge }),
      }),
    ),
  remove: ({ name }, to) => gone(to, name, (sw_if_index) => to.vpp.call("tap_delete_v2", { sw_if_index })),
};

const vlan: Pick<Writer<Vlan>, "add" | "remove"> = {
  add: ({ name, parent, number, encapsulation, outer, inner }, to) =>
    named(
      to,
      name,
      `${parent}.${number}`,
      to.vpp.call("create_subif", {
        sw_if_index: to.names.interface(parent),
        sub_id: number,
        sub_if_flags: (inner === undefined ? 2 : 4) | 16 | (encapsulation === "dot1ad" ? 8 : 0),
        outer_vlan_id: outer,
        inner_vlan_id: inner ?? 0,
      }),
    ),
  remove: ({ name }, to) => gone(to, name, (sw_if_index) => to.vpp.call("delete_subif", { sw_if_index })),
};

function vxlan(is_add: boolean, { name, source, destination, vni }: Vxlan, to: Target) {
  return to.vpp.call("vxlan_add_del_tunnel_v3", {
    is_add,
    instance: instanceOf(name),
    src_address: source,
    dst_address: destination,
    mcast_sw_if_index: none,
    decap_next_index: none,
    vni,
  });
}

type Kinds = "physical" | "host-interface" | "tap" | "loopback" | "bvi" | "vlan" | "vxlan";

export const interfaceWriters: Writers<Kinds> = {
  physical: { needs: ["sw_interface_dump"], ...notOurs },
  "host-interface": { needs: ["af_packet_dump", "af_packet_create_v3", "af_packet_delete"], ...hostInterface },
  tap: { needs: ["sw_interface_tap_v2_dump", "tap_create_v3", "tap_delete_v2"], ...tap },
  loopback: {
    needs: ["create_loopback_instance", "delete_loopback"],
    add: ({ name, mac }, to) => {
      const fields = {
        is_specified: true,
        user_instance: instanceOf(name),
        ...(mac !== undefined && { mac_address: mac }),
      };
      return named(to, name, name, to.vpp.call("create_loopback_instance", fields));
    },
    remove: ({ name }, to) => gone(to, name, (sw_if_index) => to.vpp.call("delete_loopback", { sw_if_index })),
  },
  bvi: {
    needs: ["bvi_create", "bvi_delete"],
    add: ({ name, mac }, to) => {
      const fields = { user_instance: instanceOf(name), ...(mac !== undefined && { mac }) };
      return named(to, name, name, to.vpp.call("bvi_create", fields));
    },
    remove: ({ name }, to) => gone(to, name, (sw_if_index) => to.vpp.call("bvi_delete", { sw_if_index })),
  },
  vlan: { needs: ["create_subif", "delete_subif"], ...vlan },
  vxlan: {
    needs: ["vxlan_tunnel_v2_dump", "vxlan_add_del_tunnel_v3"],
    add: (object, to) => named(to, object.name, object.name, vxlan(true, object, to)),
    remove: (object, to) => gone(to, object.name, () => vxlan(false, object, to)),
  },
};
