/** What every interface has: up or down, MTU, and its pair in Linux. */
import type { LinuxPair, Settings, VppObject } from "../model.ts";
import type { Reader, Target, Writers } from "./kind.ts";
import { none } from "./names.ts";

export const readSettings: Reader = async (sight) => {
  const [all, names] = await Promise.all([sight.interfaces, sight.names]);
  return all.flatMap(({ sw_if_index, flags, mtu }): VppObject[] => {
    const on = names.nameOf(sw_if_index);
    const l3 = mtu[0] ?? 0;
    // A sub-interface with 0 has its parent's.
    return on === undefined ? [] : [{ kind: "settings", on, up: (flags & 1) !== 0, ...(l3 !== 0 && { mtu: l3 }) }];
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
 * The largest frame that the device itself takes grows with the MTU. VPP then gives the interface and all that is on it the MTU
 * that this makes: the others get back what they had.
 */
async function growMtu(sw_if_index: number, mtu: number, to: Target): Promise<void> {
  const all = await to.vpp.dump("sw_interface_dump", { sw_if_index: none });
  const own = all.find((one) => one.sw_if_index === sw_if_index);
  if (own !== undefined && isDevice(own) && own.link_mtu < mtu) {
    const others = all.filter((one) => one.sup_sw_if_index === sw_if_index && one.sw_if_index !== sw_if_index);
    await Promise.all([
      to.vpp.call("hw_interface_set_mtu", { sw_if_index, mtu }),
      setMtu(sw_if_index, mtu, to),
      ...others.map((one) => setMtu(one.sw_if_index, one.mtu[0] ?? 0, to)),
    ]);
  } else await setMtu(sw_if_index, mtu, to);
}

/** Those of VPP's own making have no largest frame to set (-126). */
function isDevice({
  type,
  interface_dev_type,
}: {
  readonly type: number;
  readonly interface_dev_type: string;
}): boolean {
  return type === 0 && !["Loopback", "BVI", "VXLAN", "memif"].includes(interface_dev_type);
}

/** Above this, a device may have to be told. Ethernet's own is below the frames that every device takes. */
const everyDeviceTakes = 1500;

/** Whether this changes more than the one interface, so that nothing else may be under way meanwhile. */
export function growsDevice(before: Settings | undefined, after: Settings, isSubInterface: boolean): boolean {
  return !isSubInterface && after.mtu !== before?.mtu && (after.mtu ?? 0) > everyDeviceTakes;
}

async function change(before: Settings | undefined, after: Settings, to: Target): Promise<void> {
  const index = to.names.interface(after.on);
  const isSubInterface = after.on.includes(".");
  const sent: Promise<unknown>[] = [];
  // A new interface is down. What goes down goes first, what comes up has its MTU before.
  if (!after.up && before?.up === true) sent.push(setFlags(after, to));
  if (after.mtu !== before?.mtu && (after.mtu !== undefined || isSubInterface)) {
    const grows = growsDevice(before, after, isSubInterface);
    if (grows) await growMtu(index, after.mtu ?? 0, to);
    else sent.push(setMtu(index, after.mtu ?? 0, to));
  }
  if (after.up && before?.up !== true) sent.push(setFlags(after, to));
  await Promise.all(sent);
}

function pair(is_add: boolean, { on, name }: LinuxPair, { vpp, names }: Target): Promise<unknown> {
  const fields = { is_add, sw_if_index: names.interface(on), host_if_name: name, host_if_type: 0 };
  if (vpp.has("lcp_itf_pair_add_del_v3")) return vpp.call("lcp_itf_pair_add_del_v3", fields);
  return vpp.call("lcp_itf_pair_add_del_v2", fields);
}

export const settingsWriters: Writers<"settings" | "linux-pair"> = {
  settings: {
    needs: ["sw_interface_set_flags", "sw_interface_set_mtu"],
    add: (object, to) => change(undefined, object, to),
    set: change,
    remove: ({ on }, to) => {
      const down: Settings = { kind: "settings", on, up: false };
      return Promise.all([setFlags(down, to), ...(on.includes(".") ? [setMtu(to.names.interface(on), 0, to)] : [])]);
    },
  },
  "linux-pair": {
    needs: ["lcp_itf_pair_get", "lcp_itf_pair_add_del_v2"],
    add: (object, to) => pair(true, object, to),
    set: (before, after, to) => Promise.all([pair(false, before, to), pair(true, after, to)]),
    remove: (object, to) => pair(false, object, to),
  },
};
