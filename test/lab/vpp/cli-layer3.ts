/** CLI commands of the simulated VPP on layers 2 and 3: addresses, routes, neighbours, advertisements, bridges. */
import type { FibPath } from "../../../reconcilers/vpp/api/messages.ts";
import {
  addAddress,
  bindTable,
  forgetAddresses,
  removeAddress,
  setTable,
  setUnnumbered,
  tableText,
} from "./addresses.ts";
import { bridgeCalls, bridgePort, rewriteTags, toLayer3 } from "./bridges.ts";
import { interfaceNamed, must, noMore, numberNamed, optionsOf, Refused, type Commands } from "./cli-words.ts";
import { advertise, advertisePrefix } from "./advertisements.ts";
import { addRoute, pathOf, removeRoute, routeCalls } from "./routes.ts";
import { source, type State } from "./state.ts";
import { isIpv6 } from "./text.ts";

/** "via A IF via B IF", "via IF", "via drop". */
export function pathsOf(vpp: State, words: readonly string[], isV6: boolean): readonly FibPath[] {
  const paths: FibPath[] = [];
  for (const part of words
    .join(" ")
    .split(/(?:^| )via /)
    .slice(1)) {
    const [first = "", second, third] = part.trim().split(" ");
    if (first === "drop") paths.push(pathOf({ isIpv6: isV6, isDrop: true }));
    else if (/[.:]/.test(first) && !vpp.byName(first)) {
      const table = second === "next-hop-table" ? Number(third) : 0;
      if (!vpp.tables.has(`${table}/${isV6 ? 6 : 4}`)) throw new Refused(`unknown input \`${part}'`);
      const index = second === undefined || third !== undefined ? undefined : interfaceNamed(vpp, second).index;
      paths.push(pathOf({ via: first, isIpv6: isV6, table, ...(index !== undefined && { index }) }));
    } else paths.push(pathOf({ index: interfaceNamed(vpp, first).index, isIpv6: isV6 }));
  }
  return paths;
}

function route(vpp: State, [verb, prefix = "", ...words]: readonly string[]): string {
  const { named, rest } = optionsOf(words, { table: 1 });
  const paths = pathsOf(vpp, rest, isIpv6(prefix));
  const table = Number(named.get("table") ?? 0);
  const isAdd = verb === "add";
  const wanted = { prefix, table, paths, from: source.cli };
  // The CLI adds paths one by one to what is there.
  if (isAdd) must(addRoute(vpp, { ...wanted, isMultipath: true }));
  else if (verb === "del") must(removeRoute(vpp, { ...wanted, isMultipath: paths.length > 0 }));
  else throw new Refused(`unknown input \`${verb ?? ""}'`);
  return "";
}

function table(vpp: State, family: 4 | 6, [verb, id = "0"]: readonly string[]): string {
  if (!/^[1-9]\d*$/.test(id)) throw new Refused("Can't change the default table");
  must(setTable(vpp, { table_id: Number(id), is_ip6: family === 6, name: "" }, "CLI", verb === "add"));
  return "";
}

function bind(vpp: State, family: 4 | 6, [name, id]: readonly string[]): string {
  must(bindTable(vpp, interfaceNamed(vpp, name), family, Number(id)));
  return "";
}

function advertisements(vpp: State, [name, ...words]: readonly string[]): string {
  const itf = interfaceNamed(vpp, name);
  const isNo = words[0] === "no";
  const said = isNo ? words.slice(1) : words;
  if (said[0] === "prefix") {
    const [, prefix = "", ...more] = said;
    const { rest } = optionsOf(more, {});
    const numbers = rest
      .filter((word) => /^(\d+|infinite)$/.test(word))
      .map((word) => (word === "infinite" ? 0xffffffff : Number(word)));
    const flags = {
      offLink: rest.includes("off-link") || rest.includes("no-onlink"),
      noAutoconfig: rest.includes("no-autoconfig"),
    };
    const [valid = 2_592_000, preferred = 604_800] = numbers;
    must(advertisePrefix(itf, prefix, { isNo, valid, preferred, ...flags, isSilent: rest.includes("no-advertise") }));
    return "";
  }
  const { named, rest } = optionsOf(said, {
    "ra-managed-config-flag": 0,
    "ra-other-config-flag": 0,
    "ra-suppress": 0,
    "ra-interval": 2,
    "ra-lifetime": 1,
    "ra-initial": 2,
    "ra-cease": 0,
    "ra-suppress-link-layer": 0,
    "ra-send-unicast": 0,
  });
  noMore(rest);
  const [max = 0, min = 0] = (named.get("ra-interval") ?? "").split(" ").map(Number);
  const lifetime = named.get("ra-lifetime");
  must(
    advertise(itf, {
      suppress: named.has("ra-suppress"),
      managed: named.has("ra-managed-config-flag"),
      other: named.has("ra-other-config-flag"),
      isNo,
      max,
      min,
      lifetime: lifetime === undefined ? undefined : Number(lifetime),
    }),
  );
  return "";
}

export const layer3Commands: Commands = {
  "set interface ip address": (vpp, words) => {
    const isDel = words[0] === "del";
    const [name, prefix = ""] = isDel ? words.slice(1) : words;
    const itf = interfaceNamed(vpp, name);
    if (isDel && prefix === "all") forgetAddresses(vpp, itf);
    else must(isDel ? removeAddress(vpp, itf, prefix) : addAddress(vpp, itf, prefix));
    return "";
  },
  "set interface unnumbered": (vpp, words) => {
    const [first, second, third] = words;
    if (first === "del") must(setUnnumbered(interfaceNamed(vpp, second), undefined));
    else if (second === "use") must(setUnnumbered(interfaceNamed(vpp, first), interfaceNamed(vpp, third)));
    else throw new Refused("expected `use'");
    return "";
  },
  "set interface ip table": (vpp, words) => bind(vpp, 4, words),
  "set interface ip6 table": (vpp, words) => bind(vpp, 6, words),
  "show ip fib summary": (vpp, words) => tableText(vpp, Number(words[1]), 4),
  "show ip6 fib summary": (vpp, words) => tableText(vpp, Number(words[1]), 6),
  "ip table": (vpp, words) => table(vpp, 4, words),
  "ip6 table": (vpp, words) => table(vpp, 6, words),
  "ip route": route,
  "ip6 nd": advertisements,
  "set ip neighbor": (vpp, words) => {
    const { named, rest } = optionsOf(words, { static: 0, del: 0, add: 0, "no-fib-entry": 0 });
    const [name, address = "", mac = ""] = rest;
    const { index } = interfaceNamed(vpp, name);
    const flags = named.has("static") ? 1 : 0;
    const neighbor = { sw_if_index: index, ip_address: address, mac_address: mac, flags };
    must(routeCalls.ip_neighbor_add_del(vpp, { is_add: !named.has("del"), neighbor }));
    return "";
  },
  "create bridge-domain": (vpp, [id, ...words]) => {
    const options = optionsOf(words, {
      learn: 1,
      forward: 1,
      "uu-flood": 1,
      flood: 1,
      "arp-term": 1,
      "arp-ufwd": 1,
      "mac-age": 1,
      "bd-tag": 1,
      del: 0,
    });
    noMore(options.rest);
    const bit = (name: string, byDefault: number): boolean => numberNamed(options, name, byDefault) === 1;
    const answer = bridgeCalls.bridge_domain_add_del_v2(vpp, {
      bd_id: Number(id),
      is_add: !options.named.has("del"),
      learn: bit("learn", 1),
      forward: bit("forward", 1),
      flood: bit("flood", 1),
      uu_flood: bit("uu-flood", 1),
      arp_term: bit("arp-term", 0),
      arp_ufwd: bit("arp-ufwd", 0),
      mac_age: numberNamed(options, "mac-age", 0),
      bd_tag: options.named.get("bd-tag") ?? "",
    });
    if (typeof answer === "number") must(answer);
    return `bridge-domain ${id}\n`;
  },
  "set bridge-domain mac-age": (vpp, [id, age]) => {
    must(bridgeCalls.bridge_domain_set_mac_age(vpp, { bd_id: Number(id), mac_age: Number(age) }) === 0 ? 0 : -6);
    return "";
  },
  "set interface l2 bridge": (vpp, [name, id, ...words]) => {
    const { named, rest } = optionsOf(words, { bvi: 0, "uu-fwd": 0 });
    const port = named.has("bvi") ? 1 : named.has("uu-fwd") ? 2 : 0;
    must(bridgePort(vpp, interfaceNamed(vpp, name), Number(id), port, Number(rest[0] ?? 0)));
    return "";
  },
  "set interface l2 xconnect": (vpp, [name, to]) => {
    interfaceNamed(vpp, name).layer2 = { kind: "cross-connect", to: interfaceNamed(vpp, to).index };
    return "";
  },
  "set interface l2 tag-rewrite": (vpp, [name, verb, ...words]) => {
    const operation = verb === "pop" ? 2 + Number(words[0]) : verb === "disable" ? 0 : -1;
    if (operation !== 0 && operation !== 3 && operation !== 4) throw new Refused(`unknown input \`${verb ?? ""}'`);
    must(rewriteTags(interfaceNamed(vpp, name), [operation, 0, 0, 0]));
    return "";
  },
  "set interface l3": (vpp, [name]) => {
    toLayer3(interfaceNamed(vpp, name));
    return "";
  },
};
