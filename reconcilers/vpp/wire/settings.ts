/** What every interface has: up or down, MTU, and its pair in Linux. */
import type { LinuxPair, Settings, VppObject } from "../model.ts";
import { dump, type Reader, type Target, type Writers } from "./kind.ts";
import { type InterfaceDetails, listInterfaces, none } from "./names.ts";

/** By VPP's number. */
const rxModes = [undefined, "polling", "interrupt", "adaptive"] as const;

/** Of all its queues. */
function setRxMode(sw_if_index: number, mode: NonNullable<Settings["rxMode"]>, { vpp }: Target): Promise<unknown> {
  return vpp.call("sw_interface_set_rx_mode", { sw_if_index, queue_id_valid: false, mode: rxModes.indexOf(mode) });
}

export const readSettings: Reader = async (sight) => {
  const queues = dump(sight, "sw_interface_rx_placement_dump", { sw_if_index: none });
  const [all, names, placed] = await Promise.all([sight.interfaces, sight.names, queues]);
  const modes = new Map(placed.map(({ sw_if_index, mode }) => [sw_if_index, rxModes[mode]]));
  return all.flatMap(({ sw_if_index, flags, mtu }): VppObject[] => {
    const on = names.nameOf(sw_if_index);
    const l3 = mtu[0] ?? 0;
    const rxMode = modes.get(sw_if_index);
    if (on === undefined) return [];
    // A sub-interface with 0 has its parent's.
    const size = l3 !== 0 && { mtu: l3 };
    return [{ kind: "settings", on, up: (flags & 1) !== 0, ...size, ...(rxMode !== undefined && { rxMode }) }];
  });
};

export const readPairs: Reader = async (sight) => {
  const [found, names] = await Promise.all([sight.pairs, sight.names]);
  return found.flatMap(({ phy_sw_if_index, host_if_name: name }): VppObject[] => {
    const on = names.nameOf(phy_sw_if_index);
    return on === undefined ? [] : [{ kind: "linux-pair", on, name }];
  });
};

function setFlags({ on, up }: Settings, { vpp, names }: Target): Promise<unknown> {
  return vpp.call("sw_interface_set_flags", { sw_if_index: names.interface(on), flags: up ? 1 : 0 });
}

function setMtu(sw_if_index: number, mtu: number, { vpp }: Target): Promise<unknown> {
  return vpp.call("sw_interface_set_mtu", { sw_if_index, mtu: [mtu, 0, 0, 0] });
}

/**
 * Of an interface that is none on another. The largest frame of its device follows where it has to: where it is too small, and
 * where there is a pair in Linux, whose MTU comes back through linux-nl a moment later as that of the device. VPP gives the
 * interface and all that is on it the MTU that this makes, which then happens here and at once: the others get back what they had.
 * A NIC that will not have it while it runs goes down for it.
 */
async function setDeviceMtu(sw_if_index: number, mtu: number, to: Target): Promise<void> {
  const [all, pairs] = await Promise.all([listInterfaces(to.vpp), dump(to, "lcp_itf_pair_get")]);
  const own = all.find((one) => one.sw_if_index === sw_if_index);
  const size = own?.link_mtu ?? mtu;
  const isPaired = pairs.some((pair) => pair.phy_sw_if_index === sw_if_index);
  const follows = size < mtu || (size !== mtu && isPaired);
  const others = all.filter((one) => one.sup_sw_if_index === sw_if_index && one.sw_if_index !== sw_if_index);
  if (!follows) return void (await setMtu(sw_if_index, mtu, to));
  const resize = async () => {
    const device = to.vpp.call("hw_interface_set_mtu", { sw_if_index, mtu }, [unsupported, busy]);
    const packets = [
      setMtu(sw_if_index, mtu, to),
      ...others.map((one) => setMtu(one.sw_if_index, one.mtu[0] ?? 0, to)),
    ];
    const [{ retval }] = await Promise.all([device, ...packets]);
    return retval;
  };
  if ((await resize()) !== busy) return;
  const up = all.filter((one) => (one === own || others.includes(one)) && (one.flags & 1) !== 0);
  await whileDown(sw_if_index, up, resize, to);
}

/** Interfaces of VPP's own making have no device. */
const unsupported = -126;
/** A NIC whose driver changes nothing while it runs. */
const busy = -167;

/** `up`: the NIC and its VLANs, which VPP takes down with it and does not raise again, in the order in which they rise. */
async function whileDown(
  sw_if_index: number,
  up: readonly InterfaceDetails[],
  change: () => Promise<unknown>,
  to: Target,
): Promise<void> {
  const flagged = (one: number, flags: 0 | 1) => to.vpp.call("sw_interface_set_flags", { sw_if_index: one, flags });
  await Promise.all([flagged(sw_if_index, 0), change()]);
  await linuxHeard(to);
  await Promise.all(up.map((one) => flagged(one.sw_if_index, 1)));
  await settled(new Set(up.map((one) => one.interface_name)), to);
}

/** Whether this may change more than the one interface, so that nothing else may be under way meanwhile. */
function changesDevice(before: Settings | undefined, after: Settings): boolean {
  return !isSubInterface(after) && after.mtu !== undefined && after.mtu !== before?.mtu;
}

function isSubInterface({ on }: Settings): boolean {
  return on.includes(".");
}

/** Whether it comes up, and is none on another interface. */
function deviceRises(before: Settings | undefined, after: Settings): boolean {
  return !isSubInterface(after) && after.up && before?.up !== true;
}

/** Of these settings every step waits for all before it, and all after it wait for it. */
export function settingsGoAlone(before: Settings | undefined, after: Settings): boolean {
  return changesDevice(before, after) || deviceRises(before, after);
}

/**
 * What VPP does to devices of Linux comes back to it through linux-nl, and happens to its interfaces a second time: a device
 * that is made, or gets its MTU, is down then, and takes what was brought up meanwhile down again, with all VLANs. VPP takes
 * Linux's word off its socket with the first request that comes after, and has acted on it before it reads a second one.
 */
export async function linuxHeard({ vpp }: Pick<Target, "vpp">): Promise<void> {
  if (!vpp.has("lcp_itf_pair_get")) return;
  for (let times = 0; times < 2; times += 1) await vpp.call("control_ping", {});
}

/** How often it is looked whether Linux's word has arrived: VPP takes 2048 of its messages at a time, and then pauses 50 ms. */
const looks = 60;
const pauseMs = 50;

/** Resolves once what was brought up is up, as linux-nl may take it down for a moment; or after a while, whatever is up then. */
export async function settled(
  raised: ReadonlySet<string>,
  { vpp, pause }: Pick<Target, "vpp" | "pause">,
): Promise<void> {
  for (let look = 0; look < looks; look += 1) {
    await linuxHeard({ vpp });
    const all = await vpp.dumpMany("sw_interface_dump", [{ sw_if_index: none }], ["interface_name", "flags"]);
    if (all.every(({ interface_name: name, flags }) => (flags & 1) !== 0 || !raised.has(name))) return;
    await pause(pauseMs);
  }
}

async function change(before: Settings | undefined, after: Settings, to: Target): Promise<void> {
  const index = to.names.interface(after.on);
  const sent: Promise<unknown>[] = [];
  // A new interface is down. What goes down goes first, what comes up has its MTU before.
  if (!after.up && before?.up === true) sent.push(setFlags(after, to));
  if (changesDevice(before, after)) await Promise.all([...sent.splice(0), setDeviceMtu(index, after.mtu ?? 0, to)]);
  else if (isSubInterface(after) && after.mtu !== before?.mtu) sent.push(setMtu(index, after.mtu ?? 0, to));
  if (after.rxMode !== undefined && after.rxMode !== before?.rxMode) sent.push(setRxMode(index, after.rxMode, to));
  if (deviceRises(before, after)) {
    await Promise.all(sent.splice(0));
    await linuxHeard(to);
  }
  if (after.up && before?.up !== true) sent.push(setFlags(after, to));
  await Promise.all(sent);
}

function pair(is_add: boolean, { on, name }: LinuxPair, { vpp, names }: Target): Promise<unknown> {
  const fields = { is_add, sw_if_index: names.interface(on), host_if_name: name, host_if_type: 0 };
  if (vpp.has("lcp_itf_pair_add_del_v3")) return vpp.call("lcp_itf_pair_add_del_v3", fields);
  return vpp.call("lcp_itf_pair_add_del_v2", fields);
}

/**
 * A new tap is up for a moment: when it goes down Linux takes its link-local address, at which linux-nl switches IPv6 off on the
 * interface, whatever addresses that has by then. So it has none before.
 */
async function addPair(object: LinuxPair, to: Target): Promise<void> {
  await pair(true, object, to);
  await linuxHeard(to);
}

export const settingsWriters: Writers<"settings" | "linux-pair"> = {
  settings: {
    needs: ["sw_interface_set_flags", "sw_interface_set_mtu"],
    add: (object, to) => change(undefined, object, to),
    set: change,
    remove: ({ on }, to) => {
      const down: Settings = { kind: "settings", on, up: false };
      return Promise.all([
        setFlags(down, to),
        ...(isSubInterface(down) ? [setMtu(to.names.interface(on), 0, to)] : []),
      ]);
    },
  },
  "linux-pair": {
    needs: ["lcp_itf_pair_get", "lcp_itf_pair_add_del_v2"],
    add: addPair,
    set: (before, after, to) => Promise.all([pair(false, before, to), addPair(after, to)]),
    remove: (object, to) => pair(false, object, to),
  },
};
