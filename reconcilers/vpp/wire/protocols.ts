/** DHCP relay and LLDP. */
import { Problem } from "../../../schemas/problem.ts";
import { commands } from "../api/cli.ts";
import type { DhcpRelay, Lldp, LldpPort, VppObject } from "../model.ts";
import { dump, type Reader, type Target, type Writer, type Writers } from "./kind.ts";

export const readDhcpRelays: Reader = async (sight) => {
  const found = await Promise.all([false, true].map((is_ip6) => dump(sight, "dhcp_proxy_dump", { is_ip6 })));
  return found.flat().flatMap(({ servers, dhcp_src_address: source, rx_vrf_id }): VppObject[] => {
    if (rx_vrf_id !== 0) return [];
    return servers.map(({ dhcp_server: server }) => ({ kind: "dhcp-relay", server, source }));
  });
};

function relay(is_add: boolean, { server, source }: DhcpRelay, { vpp }: Target): Promise<unknown> {
  return vpp.call("dhcp_proxy_config", { is_add, dhcp_server: server, dhcp_src_address: source });
}

/** What VPP has before anybody says otherwise. */
const usual = { interval: 30, hold: 4 } as const;
/** VPP takes an empty name for none given, and keeps the one that it has. */
const noName = " ";

/** No message shows it. */
export const readLldp: Reader = async ({ vpp, names: pending }) => {
  if (!vpp.has("lldp_config")) return [];
  const text = (await vpp.cli(commands.lldp)).replaceAll("\r", "");
  const names = await pending;
  return [...settingsIn(text), ...portsIn(text, (name) => names.has(name))];
};

function settingsIn(text: string): readonly Lldp[] {
  const systemName = (/^Configured system name: (.*)$/m.exec(text)?.[1] ?? "").trim();
  const hold = Number(/^Configured tx-hold: (\d+)$/m.exec(text)?.[1] ?? usual.hold);
  const interval = Number(/^Configured tx-interval: (\d+)$/m.exec(text)?.[1] ?? usual.interval);
  if (systemName === "" && hold === usual.hold && interval === usual.interval) return [];
  return [{ kind: "lldp", systemName, interval, hold }];
}

function portsIn(text: string, isKnown: (name: string) => boolean): readonly LldpPort[] {
  const found = text.matchAll(/^Local Interface name: (.*)\nLocal Port Description: (.*)$/gm);
  return [...found].flatMap(([, on = "", said = ""]): LldpPort[] => {
    const description = said === "(nil)" || said === "(null)" ? "" : said;
    return isKnown(on) ? [{ kind: "lldp-port", on, description }] : [];
  });
}

/**
 * VPP takes the number in its message for that of a device and not, as it says, of an interface. They are the same where no
 * sub-interface is older than the device; the list of devices, which only the CLI has, tells.
 */
async function devicesOf({ vpp }: Target): Promise<ReadonlyMap<string, number>> {
  const lines = (await vpp.cli(commands.devices)).replaceAll("\r", "").split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [name = "", number = ""] = line.trim().split(/\s+/);
      return /^\d+$/.test(number) ? [[name, Number(number)] as const] : [];
    }),
  );
}

const port: Pick<Writer<LldpPort>, "add" | "remove"> = {
  add: async ({ on, description }, to) => {
    const sw_if_index = (await devicesOf(to)).get(on);
    if (sw_if_index === undefined) throw new Problem("VPP_REFUSED", `VPP lists no device ${on}`);
    await to.vpp.call("sw_interface_set_lldp", { sw_if_index, enable: true, port_desc: description });
  },
  /** It is kept under the device's number, and looked for, when it is to go, under that of the interface of the device that is named. */
  remove: async ({ on }, to) => {
    const devices = await devicesOf(to);
    const own = devices.get(on);
    const [, sw_if_index] = [...devices].find(([name]) => to.names.has(name) && to.names.interface(name) === own) ?? [];
    if (sw_if_index === undefined) {
      throw new Problem("VPP_REFUSED", `VPP cannot switch LLDP off on ${on}`, {
        remedy: "It looks for it under a number that no device has: restart this instance of VPP.",
      });
    }
    await to.vpp.call("sw_interface_set_lldp", { sw_if_index, enable: false });
  },
};

export const protocolWriters: Writers<"dhcp-relay" | "lldp" | "lldp-port"> = {
  "dhcp-relay": {
    needs: ["dhcp_proxy_dump", "dhcp_proxy_config"],
    add: (object, to) => relay(true, object, to),
    remove: (object, to) => relay(false, object, to),
  },
  lldp: {
    needs: ["lldp_config"],
    add: configure,
    set: (_, after, to) => configure(after, to),
    remove: (_, to) => configure({ kind: "lldp", systemName: noName, ...usual }, to),
  },
  "lldp-port": {
    needs: ["sw_interface_set_lldp"],
    ...port,
    // One that is on already is left as it is.
    set: async (before, after, to) => {
      await port.remove(before, to);
      await port.add(after, to);
    },
  },
};

function configure({ systemName, interval, hold }: Lldp, { vpp }: Target): Promise<unknown> {
  return vpp.call("lldp_config", { tx_hold: hold, tx_interval: interval, system_name: systemName });
}
