/** CLI commands of the simulated VPP about address translation, and small protocols. */
import {
  interfaceNamed,
  must,
  noMore,
  numberNamed,
  optionsOf,
  Refused,
  type Commands,
  type Options,
} from "./cli-words.ts";
import { enableDet44, natCalls, setDet44Map, setDet44Side, setNat64Pool, setNat64Prefix, setNat64Side } from "./nat.ts";
import { addRouter, vrrpCalls } from "./vrrp.ts";
import { limitCalls, relay, setReversePath } from "./limits.ts";
import { retval, type State } from "./state.ts";
import { ipv4Range } from "./text.ts";

/** "inside A outside B": each may come more than once. */
function sides(
  vpp: State,
  words: readonly string[],
  names: readonly [string, string],
  set: (index: number, isInside: boolean) => number,
): string {
  let isInside = true;
  let count = 0;
  for (const word of words) {
    if (word === names[0] || word === names[1]) isInside = word === names[0];
    else if (word !== "del") {
      must(set(interfaceNamed(vpp, word).index, isInside));
      count += 1;
    }
  }
  if (count === 0) throw new Refused("expected an interface");
  return "";
}

function routerFlags({ named }: Options): number {
  return (
    (named.has("no_preempt") ? 0 : 1) |
    (named.has("accept_mode") ? 2 : 0) |
    (named.has("unicast") ? 4 : 0) |
    (named.has("ipv6") ? 8 : 0)
  );
}

export const natCommands: Commands = {
  "det44 plugin": (vpp, [verb]) => {
    // Again is said, and is no error of the CLI's.
    const rv = enableDet44(vpp, verb === "enable");
    return rv === 0 ? "" : "already so\n";
  },
  "det44 add": (vpp, words) => {
    const { named } = optionsOf(words, { in: 1, out: 1, del: 0 });
    const [inside, outside] = [named.get("in"), named.get("out")];
    // Incomplete: VPP says nothing and does nothing.
    if (inside === undefined || outside === undefined) return "";
    must(setDet44Map(vpp, inside, outside, !named.has("del")));
    return "";
  },
  "set interface det44": (vpp, words) =>
    sides(vpp, words, ["inside", "outside"], (index, isInside) =>
      setDet44Side(vpp, index, isInside ? "inside" : "outside", !words.includes("del")),
    ),
  "set det44 timeouts": (vpp, words) => {
    const options = optionsOf(words, { udp: 1, "tcp-established": 1, "tcp-transitory": 1, icmp: 1, tcp: 2 });
    const tcp = (options.named.get("tcp") ?? "").split(" ");
    const nested = tcp.length === 2 ? { [tcp[0] ?? ""]: Number(tcp[1]) } : {};
    must(
      natCalls.det44_set_timeouts(vpp, {
        udp: numberNamed(options, "udp", 0),
        tcp_established: numberNamed(options, "tcp-established", nested["established"] ?? 0),
        tcp_transitory: numberNamed(options, "tcp-transitory", nested["transitory"] ?? 0),
        icmp: numberNamed(options, "icmp", 0),
      }),
    );
    return "";
  },
  "nat64 plugin": (vpp, [verb]) => {
    const rv = natCalls.nat64_plugin_enable_disable(vpp, { enable: verb === "enable" } as never);
    return rv === 0 ? "" : "already so\n";
  },
  "nat64 add prefix": (vpp, [prefix = "", ...words]) => {
    must(setNat64Prefix(vpp, prefix, 0, !words.includes("del")));
    return "";
  },
  "nat64 add pool address": (vpp, words) => {
    const addresses = words.filter((word) => /^[\d.]+$/.test(word));
    const [first = "", last = first] = addresses;
    for (const address of ipv4Range(first, last)) must(setNat64Pool(vpp, address, !words.includes("del")));
    return "";
  },
  "set interface nat64": (vpp, words) =>
    sides(vpp, words, ["in", "out"], (index, isInside) =>
      setNat64Side(vpp, index, isInside ? 0x20 : 0x10, !words.includes("del")),
    ),
  "set dhcp proxy": (vpp, words) => {
    const { named } = optionsOf(words, { server: 1, "src-address": 1, del: 0 });
    must(relay(vpp, named.get("server") ?? "", named.get("src-address") ?? "", !named.has("del")));
    return "";
  },
  "set urpf": (vpp, words) => {
    const { named, rest } = optionsOf(words, { ip4: 0, ip6: 0, rx: 0, tx: 0, off: 0, strict: 0, loose: 0 });
    const mode = named.has("strict") ? 2 : named.has("loose") ? 1 : 0;
    must(setReversePath(vpp, interfaceNamed(vpp, rest[0]).index, named.has("ip6"), !named.has("tx"), mode));
    return "";
  },
  "set lldp": (vpp, words) => {
    const options = optionsOf(words, { "system-name": 1, "tx-hold": 1, "tx-interval": 1 });
    noMore(options.rest);
    must(
      limitCalls.lldp_config(vpp, {
        tx_hold: numberNamed(options, "tx-hold", 0),
        tx_interval: numberNamed(options, "tx-interval", 0),
        system_name: options.named.get("system-name") ?? "",
      }),
    );
    return "";
  },
  "set interface lldp": (vpp, [name, ...words]) => {
    const { named } = optionsOf(words, { "port-desc": 1, disable: 0 });
    const { index } = interfaceNamed(vpp, name);
    must(
      limitCalls.sw_interface_set_lldp(vpp, {
        sw_if_index: index,
        enable: !named.has("disable"),
        port_desc: named.get("port-desc") ?? "",
      } as never),
    );
    return "";
  },
  "vrrp vr add": (vpp, [name, ...words]) => {
    const options = optionsOf(words, {
      vr_id: 1,
      priority: 1,
      interval: 1,
      no_preempt: 0,
      accept_mode: 0,
      unicast: 0,
      ipv6: 0,
    });
    const made = addRouter(vpp, {
      on: interfaceNamed(vpp, name).index,
      id: numberNamed(options, "vr_id"),
      priority: numberNamed(options, "priority", 100),
      interval: numberNamed(options, "interval", 100),
      flags: routerFlags(options),
      addresses: options.rest,
    });
    if (typeof made === "number") must(made);
    return "";
  },
  "vrrp proto": (vpp, [verb, name, ...words]) => {
    const options = optionsOf(words, { vr_id: 1, ipv6: 0 });
    must(
      vrrpCalls.vrrp_vr_start_stop(vpp, {
        sw_if_index: interfaceNamed(vpp, name).index,
        vr_id: numberNamed(options, "vr_id"),
        is_ipv6: options.named.has("ipv6") ? 1 : 0,
        is_start: verb === "start" ? 1 : 0,
      }),
    );
    return "";
  },
  "vrrp peers": (vpp, [name, ...words]) => {
    const options = optionsOf(words, { vr_id: 1, ipv6: 0 });
    const is_ipv6 = options.named.has("ipv6") ? 1 : 0;
    const router = { sw_if_index: interfaceNamed(vpp, name).index, vr_id: numberNamed(options, "vr_id"), is_ipv6 };
    must(vrrpCalls.vrrp_vr_set_peers(vpp, { ...router, n_addrs: options.rest.length, addrs: options.rest }));
    return "";
  },
  "policer input": (vpp, words) => {
    const { named, rest } = optionsOf(words, { name: 1, unapply: 0 });
    const { index } = interfaceNamed(vpp, rest[0]);
    const name = named.get("name") ?? "";
    const rv = limitCalls.policer_input(vpp, { name, sw_if_index: index, apply: !named.has("unapply") });
    must(typeof rv === "number" ? rv : retval.unspecified);
    return "";
  },
};
