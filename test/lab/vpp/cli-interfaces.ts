/** CLI commands of the simulated VPP that make interfaces and say what all interfaces have. */
import { interfaceNamed, must, noMore, numberNamed, optionsOf, Refused, type Commands } from "./cli-words.ts";
import { deviceCalls } from "./devices.ts";
import { rename, setAdmin } from "./interfaces.ts";
import { addPair, removePair } from "./linux.ts";
import { deleteInterface, removalCalls } from "./removal.ts";
import { none, type DeviceType, type State } from "./state.ts";
import { addChild, addLoopback, flag } from "./subinterfaces.ts";

const zeroMac = "00:00:00:00:00:00";

/** Of a call's answer: throws what is not success. */
function done(answer: number | object): string {
  if (typeof answer === "number") must(answer);
  else if ("retval" in answer) must(Number(answer.retval));
  return "";
}

function deleted(vpp: State, name: string | undefined, type: DeviceType): string {
  const itf = interfaceNamed(vpp, name);
  if (itf.type !== type || itf.parent) throw new Refused(`${itf.name} is no ${type}`);
  deleteInterface(vpp, itf);
  return "";
}

function tagsOf(words: readonly string[], id: number): { outer: number; inner: number; count: number; flags: number } {
  const { named, rest } = optionsOf(words, {
    dot1q: 1,
    dot1ad: 1,
    "inner-dot1q": 1,
    "exact-match": 0,
    untagged: 0,
    default: 0,
  });
  noMore(rest);
  if (named.has("untagged")) return { outer: 0, inner: 0, count: 0, flags: flag.noTags | flag.exact };
  if (named.has("default")) return { outer: 0, inner: 0, count: 0, flags: flag.byDefault };
  const outer = named.get("dot1ad") ?? named.get("dot1q");
  if (outer === undefined) return { outer: id, inner: 0, count: 1, flags: flag.oneTag | flag.exact };
  const inner = named.get("inner-dot1q");
  const flags =
    (inner === undefined ? flag.oneTag : flag.twoTags) |
    (named.has("dot1ad") ? flag.dot1ad : 0) |
    (named.has("exact-match") ? flag.exact : 0);
  return { outer: Number(outer), inner: Number(inner ?? 0), count: inner === undefined ? 1 : 2, flags };
}

function mtu(vpp: State, [kind, size, name, ...rest]: readonly string[]): string {
  const place = ["packet", "ip4", "ip6", "mpls"].indexOf(kind ?? "");
  noMore(rest);
  if (place === -1) {
    const itf = interfaceNamed(vpp, size);
    if (itf.parent || itf.type === "Loopback" || itf.type === "BVI") throw new Refused("not supported");
    itf.linkMtu = Number(kind);
    itf.mtu = [Number(kind), ...itf.mtu.slice(1)];
  } else {
    const itf = interfaceNamed(vpp, name);
    itf.mtu = itf.mtu.with(place, Number(size));
  }
  return "";
}

export const interfaceCommands: Commands = {
  "create host-interface": (vpp, words) => {
    const { named } = optionsOf(words, { name: 1, "hw-addr": 1, "cksum-gso-disable": 0, "num-rx-queues": 1 });
    return done(
      deviceCalls.af_packet_create_v3(vpp, {
        host_if_name: named.get("name") ?? "",
        hw_addr: named.get("hw-addr") ?? zeroMac,
        use_random_hw_addr: !named.has("hw-addr"),
      } as never),
    );
  },
  "delete host-interface": (vpp, words) => {
    const { named } = optionsOf(words, { name: 1 });
    return done(removalCalls.af_packet_delete(vpp, { host_if_name: named.get("name") ?? "" }));
  },
  "create loopback interface": (vpp, words) => {
    const options = optionsOf(words, { mac: 1, instance: 1 });
    const instance = options.named.has("instance") ? numberNamed(options, "instance") : undefined;
    const made = addLoopback(vpp, "Loopback", options.named.get("mac"), instance);
    if (typeof made === "number") throw new Refused(`returned ${made}`);
    return `${made.name}\n`;
  },
  "delete loopback interface": (vpp, words) =>
    deleted(vpp, optionsOf(words, { intfc: 1 }).named.get("intfc"), "Loopback"),
  "bvi create": (vpp, words) => {
    const options = optionsOf(words, { mac: 1, instance: 1 });
    const instance = options.named.has("instance") ? numberNamed(options, "instance") : undefined;
    const made = addLoopback(vpp, "BVI", options.named.get("mac"), instance);
    if (typeof made === "number") throw new Refused(`returned ${made}`);
    return `${made.name}\n`;
  },
  "bvi delete": (vpp, words) => deleted(vpp, words[0], "BVI"),
  "create sub-interfaces": (vpp, [name, number, ...words]) => {
    const id = Number(number);
    const made = addChild(vpp, interfaceNamed(vpp, name), { id, ...tagsOf(words, id) });
    if (typeof made === "number") throw new Refused(`returned ${made}`);
    return `${made.name}\n`;
  },
  "delete sub-interface": (vpp, [name]) =>
    done(removalCalls.delete_subif(vpp, { sw_if_index: interfaceNamed(vpp, name).index })),
  "create tap": (vpp, words) => {
    const options = optionsOf(words, {
      id: 1,
      "host-if-name": 1,
      "host-ns": 1,
      "host-bridge": 1,
      "host-mac-addr": 1,
      "hw-addr": 1,
      "host-mtu-size": 1,
      tag: 1,
    });
    const { named } = options;
    noMore(options.rest);
    return done(
      deviceCalls.tap_create_v3(vpp, {
        id: numberNamed(options, "id", none),
        use_random_mac: !named.has("hw-addr"),
        mac_address: named.get("hw-addr") ?? zeroMac,
        host_if_name_set: named.has("host-if-name"),
        host_if_name: named.get("host-if-name") ?? "",
        host_namespace_set: named.has("host-ns"),
        host_namespace: named.get("host-ns") ?? "",
        host_bridge_set: named.has("host-bridge"),
        host_bridge: named.get("host-bridge") ?? "",
        host_mac_addr_set: named.has("host-mac-addr"),
        host_mac_addr: named.get("host-mac-addr") ?? zeroMac,
        host_mtu_set: named.has("host-mtu-size"),
        host_mtu_size: numberNamed(options, "host-mtu-size", 0),
        tap_flags: 0,
        tag: named.get("tag") ?? "",
      } as never),
    );
  },
  "delete tap": (vpp, [name]) => deleted(vpp, name, "tap"),
  "create memif socket": (vpp, words) => {
    const options = optionsOf(words, { id: 1, filename: 1 });
    return done(
      deviceCalls.memif_socket_filename_add_del_v2(vpp, {
        is_add: true,
        socket_id: numberNamed(options, "id"),
        socket_filename: options.named.get("filename") ?? "",
      }),
    );
  },
  "delete memif socket": (vpp, words) => {
    const socket_id = numberNamed(optionsOf(words, { id: 1 }), "id");
    return done(deviceCalls.memif_socket_filename_add_del_v2(vpp, { is_add: false, socket_id, socket_filename: "" }));
  },
  "create interface memif": (vpp, words) => {
    const options = optionsOf(words, { id: 1, "socket-id": 1, master: 0, slave: 0, "hw-addr": 1 });
    noMore(options.rest);
    return done(
      deviceCalls.memif_create_v2(vpp, {
        id: numberNamed(options, "id", 0),
        socket_id: numberNamed(options, "socket-id", 0),
        role: options.named.has("slave") ? 1 : 0,
        mode: 0,
        ring_size: 0,
        buffer_size: 0,
        no_zero_copy: false,
        hw_addr: options.named.get("hw-addr") ?? zeroMac,
      } as never),
    );
  },
  "delete interface memif": (vpp, [name]) => deleted(vpp, name, "memif"),
  "create bond": (vpp, words) => {
    const options = optionsOf(words, { mode: 1, "load-balance": 1, id: 1, "hw-addr": 1 });
    noMore(options.rest);
    const modes = ["round-robin", "active-backup", "xor", "broadcast", "lacp"];
    const mac = options.named.get("hw-addr");
    return done(
      deviceCalls.bond_create2(vpp, {
        mode: modes.indexOf(options.named.get("mode") ?? "") + 1,
        lb: Math.max(0, ["l2", "l34", "l23"].indexOf(options.named.get("load-balance") ?? "l2")),
        numa_only: false,
        enable_gso: false,
        use_custom_mac: mac !== undefined,
        mac_address: mac ?? zeroMac,
        id: numberNamed(options, "id", none),
      }),
    );
  },
  "delete bond": (vpp, [name]) => deleted(vpp, name, "bond"),
  "bond add": (vpp, [bond, member, ...words]) =>
    done(
      deviceCalls.bond_add_member(vpp, {
        sw_if_index: interfaceNamed(vpp, member).index,
        bond_sw_if_index: interfaceNamed(vpp, bond).index,
        is_passive: words.includes("passive"),
        is_long_timeout: words.includes("long-timeout"),
      }),
    ),
  "bond del": (vpp, [name]) =>
    done(removalCalls.bond_detach_member(vpp, { sw_if_index: interfaceNamed(vpp, name).index })),
  "create vxlan tunnel": (vpp, words) => {
    const options = optionsOf(words, {
      src: 1,
      dst: 1,
      vni: 1,
      instance: 1,
      "encap-vrf-id": 1,
      "decap-next": 1,
      del: 0,
    });
    noMore(options.rest);
    return done(
      deviceCalls.vxlan_add_del_tunnel_v3(vpp, {
        is_add: !options.named.has("del"),
        instance: numberNamed(options, "instance", none),
        src_address: options.named.get("src") ?? "",
        dst_address: options.named.get("dst") ?? "",
        src_port: 0,
        dst_port: 0,
        mcast_sw_if_index: none,
        encap_vrf_id: numberNamed(options, "encap-vrf-id", 0),
        decap_next_index: none,
        vni: numberNamed(options, "vni"),
        is_l3: false,
      }),
    );
  },
  "set interface name": (vpp, [name, to = ""]) => {
    rename(vpp, interfaceNamed(vpp, name), to);
    return "";
  },
  "set interface tag": (vpp, [name, ...tag]) => {
    interfaceNamed(vpp, name).tag = tag.join(" ");
    return "";
  },
  "clear interface tag": (vpp, [name]) => {
    interfaceNamed(vpp, name).tag = "";
    return "";
  },
  "set interface mtu": mtu,
  "set interface mac address": (vpp, [name, mac = ""]) => {
    interfaceNamed(vpp, name).mac = mac;
    return "";
  },
  "set interface state": (vpp, [name, state]) => {
    if (state !== "up" && state !== "down") throw new Refused(`unknown input \`${state ?? ""}'`);
    must(setAdmin(vpp, interfaceNamed(vpp, name), state === "up"));
    return "";
  },
  "set interface rx-mode": (vpp, [name, ...words]) => {
    interfaceNamed(vpp, name).rxMode = ["unknown", "polling", "interrupt", "adaptive"].indexOf(words.at(-1) ?? "");
    return "";
  },
  "lcp create": (vpp, [name, ...words]) => {
    const { named, rest } = optionsOf(words, { "host-if": 1, netns: 1, tun: 0 });
    noMore(rest);
    const namespace = named.get("netns");
    must(
      addPair(vpp, interfaceNamed(vpp, name), {
        name: named.get("host-if") ?? "",
        ...(namespace !== undefined && { namespace }),
      }),
    );
    return "";
  },
  "lcp delete": (vpp, [name]) => {
    if (!removePair(vpp, interfaceNamed(vpp, name))) throw new Refused("no such pair");
    return "";
  },
};
