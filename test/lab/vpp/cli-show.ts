/** Show commands of the simulated VPP: those that the product reads, and no others. */
import { devicesOf } from "./limits.ts";
import { mainHeap } from "./nat.ts";
import { fibSources } from "./state.ts";
import { simulatedVersion } from "./vpe.ts";
import { noMore, Refused, type Commands } from "./cli-words.ts";

const onOff = (isOn: boolean): string => (isOn ? "on" : "off");

export const showCommands: Commands = {
  "show version": () => `vpp v${simulatedVersion} built by simulation\n`,
  "show clock": () => "Time now 1.000000, Thu, 1 Jan 2026 00:00:00 GMT\n",
  "show lcp": (vpp) =>
    [
      vpp.linuxCp.namespace === "" ? "lcp default netns '<unset>'" : `lcp default netns '${vpp.linuxCp.namespace}'`,
      `lcp lcp-auto-subint ${onOff(vpp.linuxCp.autoSubint)}`,
      `lcp lcp-sync ${onOff(vpp.linuxCp.sync)}`,
      "lcp lcp-sync-unnumbered on",
      "lcp del-static-on-link-down off",
      "lcp del-dynamic-on-link-down off",
      ...[...vpp.pairs.values()].map(
        ({ phy, host, name, vif, namespace }) =>
          `itf-pair: [${phy.index}] ${phy.name} ${host.name} ${name} ${vif} type tap${namespace === "" ? "" : ` netns ${namespace}`}`,
      ),
      "",
    ].join("\n"),
  "show memory main-heap": (vpp) => {
    const { used, total } = mainHeap(vpp);
    const [all, taken, free] = [total, used, total - used].map((bytes) => `${(bytes / 2 ** 20).toFixed(2)}M`);
    return `  base 0x7f0000000000, size ${all}, name 'main heap'\n    total: ${all}, used: ${taken}, free: ${free}, trimmable: ${free}\n`;
  },
  "show fib source": () =>
    [
      "[0] invalid prio:255.0 behaviour:drop",
      ...[...fibSources].map(([number, { name, priority }]) => `[${number}] ${name} prio:${priority}.0 behaviour:api`),
      "",
    ].join("\n"),
  "show lldp detail": ({ lldp, interfaces }) =>
    [
      "LLDP configuration:",
      ...(lldp.name === "" ? [] : [`Configured system name: ${lldp.name}`]),
      `Configured tx-hold: ${lldp.hold}`,
      `Configured tx-interval: ${lldp.interval}`,
      "",
      "LLDP-enabled interface table:",
      ...[...lldp.ports].flatMap(([index, description]) => [
        "",
        `Local Interface name: ${interfaces.get(index)?.name ?? ""}`,
        `Local Port Description: ${description === "" ? "(nil)" : description}`,
        "Interface/peer state: interface down",
        "Last packet sent: never",
      ]),
      "",
      "",
    ].join("\n"),
  "show hardware-interfaces brief": (vpp) =>
    [
      "              Name                Idx   Link  Hardware",
      ...devicesOf(vpp).map((itf, at) => `${itf.name.padEnd(34)} ${at}    down  ${itf.name}\n  Link speed: unknown`),
      "",
    ].join("\n"),
  "lcp default netns": (vpp, words) => {
    vpp.linuxCp.namespace = words[0] === "clear" ? "" : (words[0] ?? "");
    return "";
  },
  "lcp lcp-sync": (vpp, [word, ...rest]) => {
    noMore(rest);
    vpp.linuxCp.sync = isOn(word);
    return "";
  },
  "lcp lcp-auto-subint": (vpp, [word, ...rest]) => {
    noMore(rest);
    vpp.linuxCp.autoSubint = isOn(word);
    return "";
  },
};

function isOn(word: string | undefined): boolean {
  if (word === "on" || word === "enable") return true;
  if (word === "off" || word === "disable") return false;
  throw new Refused(`unknown input \`${word ?? ""}'`);
}
