/** Virtual routers (VRRP version 3). */
import type { Dumps } from "../api/messages.ts";
import type { Vrrp, VppObject } from "../model.ts";
import { dump, type Reader, type Sight, type Target, type Writer, type Writers } from "./kind.ts";
import { goneName, type Names, none } from "./names.ts";
import { inTable } from "./vrfs.ts";

type Details = Dumps["vrrp_vr_dump"]["details"];

const flags = { preempt: 1, accept: 2, unicast: 4, ipv6: 8 } as const;

export const readVrrp: Reader = async (sight) => {
  const [routers, tracked] = await Promise.all([
    dump(sight, "vrrp_vr_dump", { sw_if_index: none }),
    dump(sight, "vrrp_vr_track_if_dump", { dump_all: 1 }),
  ]);
  const peers = await Promise.all(routers.map((router) => peersOf(router, sight)));
  const [names, memberships] = await Promise.all([sight.names, sight.memberships]);
  const tracks = new Map(tracked.map((one) => [keyOf(one.sw_if_index, one.vr_id, one.is_ipv6), one.ifs]));
  return routers.flatMap((router, at): VppObject[] => {
    const { config } = router;
    const on = names.nameOf(config.sw_if_index);
    if (on === undefined) return [];
    const isIpv6 = (config.flags & flags.ipv6) !== 0;
    const ifs = tracks.get(keyOf(config.sw_if_index, config.vr_id, Number(isIpv6))) ?? [];
    return [
      {
        kind: "vrrp",
        on,
        id: config.vr_id,
        family: isIpv6 ? "ipv6" : "ipv4",
        addresses: router.addrs,
        priority: config.priority,
        interval: config.interval,
        preempt: (config.flags & flags.preempt) !== 0,
        accept: (config.flags & flags.accept) !== 0,
        peers: peers[at] ?? [],
        track: trackOf(ifs, names),
        ...inTable(memberships, config.sw_if_index, isIpv6 ? "ipv6" : "ipv4"),
        ...(router.runtime.state === 0 && { isStopped: true }),
      },
    ];
  });
};

function keyOf(index: number, id: number, isIpv6: number): string {
  return `${index} ${id} ${isIpv6}`;
}

/** One by one: asked for those of all, VPP answers with other messages. */
async function peersOf({ config }: Details, sight: Sight): Promise<readonly string[]> {
  if ((config.flags & flags.unicast) === 0) return [];
  const is_ipv6 = Number((config.flags & flags.ipv6) !== 0);
  const { sw_if_index, vr_id } = config;
  const found = await dump(sight, "vrrp_vr_peer_dump", { sw_if_index, vr_id, is_ipv6 });
  return found.flatMap((one) => one.peer_addrs);
}

function trackOf(
  ifs: readonly { readonly sw_if_index: number; readonly priority: number }[],
  names: Names,
): Vrrp["track"] {
  return ifs
    .map(({ sw_if_index, priority }) => [names.nameOf(sw_if_index) ?? goneName(sw_if_index), priority] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** VPP keeps one whose interface went, and gives it to the next of that number, in whatever condition: it is made anew. */
const isThere = -116;

const router: Pick<Writer<Vrrp>, "add" | "remove"> = {
  add: async (object, to) => {
    const { vpp } = to;
    const [key, config] = [keyFields(object, to), configOf(object, to)];
    const { peers, track } = object;
    const tracked = trackChange(1, object, to);
    const { retval } = await vpp.call("vrrp_vr_add_del", { is_add: 1, ...config }, [isThere]);
    const sent: Promise<unknown>[] = [];
    if (retval === isThere) sent.push(router.remove(object, to), vpp.call("vrrp_vr_add_del", { is_add: 1, ...config }));
    if (peers.length > 0) sent.push(vpp.call("vrrp_vr_set_peers", { ...key, n_addrs: peers.length, addrs: peers }));
    if (track.length > 0) sent.push(vpp.call("vrrp_vr_track_if_add_del", tracked));
    sent.push(vpp.call("vrrp_vr_start_stop", { ...key, is_start: 1 }));
    return Promise.all(sent);
  },
  remove: (object, to) =>
    Promise.all([
      to.vpp.call("vrrp_vr_start_stop", { ...keyFields(object, to), is_start: 0 }),
      to.vpp.call("vrrp_vr_add_del", { is_add: 0, ...configOf(object, to) }),
    ]),
};

/** Looks up every name: throws a Problem where VPP has none of one. */
function trackChange(is_add: 0 | 1, object: Vrrp, to: Target) {
  const ifs = object.track.map(([name, priority]) => ({ sw_if_index: to.names.interface(name), priority }));
  return { ...keyFields(object, to), is_add, n_ifs: ifs.length, ifs };
}

/** Only what it tracks changes while it runs. */
function retrack(before: Vrrp, after: Vrrp, to: Target): Promise<unknown> {
  const changes = [
    ...(before.track.length > 0 ? [trackChange(0, before, to)] : []),
    ...(after.track.length > 0 ? [trackChange(1, after, to)] : []),
  ];
  return Promise.all(changes.map((fields) => to.vpp.call("vrrp_vr_track_if_add_del", fields)));
}

function keyFields({ on, id: vr_id, family }: Vrrp, { names }: Target) {
  return { sw_if_index: names.interface(on), vr_id, is_ipv6: family === "ipv6" ? 1 : 0 };
}

/** Also of one that goes VPP wants a priority. */
function configOf(object: Vrrp, { names }: Target) {
  return {
    sw_if_index: names.interface(object.on),
    vr_id: object.id,
    priority: object.priority,
    interval: object.interval,
    flags:
      (object.preempt ? flags.preempt : 0) |
      (object.accept ? flags.accept : 0) |
      (object.peers.length > 0 ? flags.unicast : 0) |
      (object.family === "ipv6" ? flags.ipv6 : 0),
    n_addrs: object.addresses.length,
    addrs: object.addresses,
  };
}

export const vrrpWriters: Writers<"vrrp"> = {
  vrrp: {
    needs: ["vrrp_vr_dump", "vrrp_vr_add_del", "vrrp_vr_start_stop", "vrrp_vr_set_peers", "vrrp_vr_track_if_add_del"],
    ...router,
    set: (before, after, to) => {
      const isTrackOnly = JSON.stringify({ ...before, track: [] }) === JSON.stringify({ ...after, track: [] });
      if (isTrackOnly) return retrack(before, after, to);
      return Promise.all([router.remove(before, to), router.add(after, to)]);
    },
  },
};
