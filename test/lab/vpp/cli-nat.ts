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
import { limit, limitCalls, relay, setReversePath } from "./limits.ts";
import type { State } from "./state.ts";
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
  "policer add": (vpp, words) => {
    const spec = {
      name: 1,
      rate: 1,
      cir: 1,
      cb: 1,
      type: 1,
      "conform-action": 1,
      "exceed-action": 1,
      "violate-action": 1,
    };
    const options = optionsOf(words, spec);
    noMore(options.rest);
    for (const [option, only] of [
      ["rate", "kbps"],
      ["type", "1r2c"],
    ] as const)
      if (options.named.get(option) !== only) throw new Refused(`only ${option} ${only} is played here`);
    const [cir, cb] = [numberNamed(options, "cir"), BigInt(numberNamed(options, "cb"))];
    const actions = (["conform-action", "exceed-action", "violate-action"] as const).map(actionOf(options));
    const [conform_action = drop, exceed_action = drop, violate_action = drop] = actions;
    const rates = { cir, eir: 0, cb, eb: 0n, rate_type: 0, round_type: 0, type: 0, color_aware: false } as const;
    const infos = { ...rates, conform_action, exceed_action, violate_action };
    const rv = limitCalls.policer_add(vpp, { name: options.named.get("name") ?? "", infos });
    must(typeof rv === "number" ? rv : 0);
    return "";
  },
  "policer input": (vpp, words) => usePolicer(vpp, words, "in"),
  "policer output": (vpp, words) => usePolicer(vpp, words, "out"),
};

const drop = { type: 0, dscp: 0 } as const;

function actionOf({ named }: Options): (option: string) => { readonly type: 0 | 1; readonly dscp: number } {
  return (option) => {
    const word = named.get(option);
    if (word !== undefined && word !== "transmit" && word !== "drop") throw new Refused(`unknown input \`${word}'`);
    return word === "transmit" ? { type: 1, dscp: 0 } : drop;
  };
}

function usePolicer(vpp: State, words: readonly string[], direction: "in" | "out"): string {
  const { named, rest } = optionsOf(words, { name: 1, unapply: 0 });
  const { index } = interfaceNamed(vpp, rest[0]);
  must(limit(vpp, named.get("name") ?? "", index, direction, !named.has("unapply")));
  return "";
}
