/** Virtual routers (VRRP) of the simulated VPP. */
import type { Calls, DumpsOf } from "./handlers.ts";
import { none, retval, type Router, type State } from "./state.ts";
import { isIpv6, splitPrefix } from "./text.ts";

const entryExists = -116;

function routerOf(vpp: State, on: number, id: number, isV6: boolean): Router | undefined {
  return [...vpp.routers.values()].find((router) => router.on === on && router.id === id && router.isIpv6 === isV6);
}

export interface WantedRouter {
  readonly on: number;
  readonly id: number;
  readonly priority: number;
  readonly interval: number;
  readonly flags: number;
  readonly addresses: readonly string[];
}

/** An owner must have the addresses; nobody else on the interface may. */
function refuses(vpp: State, { on, priority, addresses }: WantedRouter, self: number | undefined): number {
  const own = new Set([...(vpp.interfaces.get(on)?.addresses ?? [])].map((prefix) => splitPrefix(prefix)[0]));
  if (priority === 255 && addresses.some((address) => !own.has(address))) return -60;
  const others = [...vpp.routers.values()].filter((router) => router.on === on && router.index !== self);
  const isTaken = (address: string): boolean => others.some((router) => router.addresses.includes(address));
  return addresses.some(isTaken) ? -105 : 0;
}

/** The router, or what VPP says. */
export function addRouter(vpp: State, { on, id, ...wanted }: WantedRouter): Router | number {
  const isV6 = (wanted.flags & 8) !== 0;
  if (!vpp.interfaces.has(on)) return retval.invalidInterface;
  if (id === 0 || wanted.priority === 0 || wanted.interval === 0) return retval.invalidValue;
  if (routerOf(vpp, on, id, isV6)) return entryExists;
  if (wanted.addresses.length === 0 || wanted.addresses.some((address) => isIpv6(address) !== isV6)) return -57;
  const refused = refuses(vpp, { on, id, ...wanted }, undefined);
  if (refused !== 0) return refused;
  const index = vpp.pools.vrrp.take();
  const router = {
    on,
    id,
    isIpv6: isV6,
    index,
    ...wanted,
    peers: [],
    tracked: new Map<number, number>(),
    isStarted: false,
  };
  vpp.routers.set(index, router);
  return router;
}

function removeRouter(vpp: State, router: Router): number {
  vpp.routers.delete(router.index);
  vpp.pools.vrrp.give(router.index);
  return 0;
}

export function startRouter(router: Router, isStart: boolean): number {
  if (isStart && (router.flags & 4) !== 0 && router.peers.length === 0) return -144;
  router.isStarted = isStart;
  return 0;
}

export const vrrpCalls = {
  vrrp_vr_add_del(vpp, request) {
    const wanted = { on: request.sw_if_index, id: request.vr_id, addresses: request.addrs, ...request };
    if (request.is_add !== 0) {
      const made = addRouter(vpp, wanted);
      return typeof made === "number" ? made : 0;
    }
    const standing = routerOf(vpp, wanted.on, wanted.id, (request.flags & 8) !== 0);
    return standing ? removeRouter(vpp, standing) : retval.noSuchEntry;
  },
  vrrp_vr_update(vpp, request) {
    const wanted = { on: request.sw_if_index, id: request.vr_id, addresses: request.addrs, ...request };
    if (request.vrrp_index === none) {
      const made = addRouter(vpp, wanted);
      return typeof made === "number" ? made : { vrrp_index: made.index };
    }
    const standing = vpp.routers.get(request.vrrp_index);
    if (!standing) return retval.noSuchEntry;
    const isSame =
      standing.on === wanted.on && standing.id === wanted.id && standing.isIpv6 === ((request.flags & 8) !== 0);
    if (!isSame) return -73;
    if (wanted.addresses.length === 0) return -57;
    const refused = refuses(vpp, wanted, standing.index);
    if (refused !== 0) return refused;
    Object.assign(standing, {
      priority: request.priority,
      interval: request.interval,
      flags: request.flags,
      addresses: request.addrs,
    });
    return { vrrp_index: standing.index };
  },
  vrrp_vr_del(vpp, { vrrp_index }) {
    const standing = vpp.routers.get(vrrp_index);
    return standing ? removeRouter(vpp, standing) : retval.noSuchEntry;
  },
  vrrp_vr_set_peers(vpp, { sw_if_index, vr_id, is_ipv6, addrs }) {
    const standing = routerOf(vpp, sw_if_index, vr_id, is_ipv6 !== 0);
    if (!standing) return retval.noSuchEntry;
    if ((standing.flags & 4) === 0) return -73;
    if (standing.isStarted) return -155;
    if (addrs.length === 0) return -58;
    standing.peers = addrs;
    return 0;
  },
  vrrp_vr_start_stop(vpp, { sw_if_index, vr_id, is_ipv6, is_start }) {
    const standing = routerOf(vpp, sw_if_index, vr_id, is_ipv6 !== 0);
    return standing ? startRouter(standing, is_start !== 0) : retval.noSuchEntry;
  },
  vrrp_vr_track_if_add_del(vpp, { sw_if_index, is_ipv6, vr_id, is_add, ifs }) {
    const standing = routerOf(vpp, sw_if_index, vr_id, is_ipv6 !== 0);
    if (!standing) return retval.noSuchEntry;
    for (const tracked of ifs) {
      if (!vpp.interfaces.has(tracked.sw_if_index)) return retval.invalidInterface;
      if (is_add !== 0) standing.tracked.set(tracked.sw_if_index, tracked.priority);
      else standing.tracked.delete(tracked.sw_if_index);
    }
    return 0;
  },
} satisfies Calls;

export const vrrpDumps = {
  *vrrp_vr_dump(vpp, { sw_if_index }) {
    for (const router of vpp.routers.values()) {
      if (sw_if_index !== none && sw_if_index !== router.on) continue;
      const { on, id: vr_id, priority, interval, flags, addresses, isStarted } = router;
      const mac = `00:00:5e:00:0${router.isIpv6 ? 2 : 1}:${vr_id.toString(16).padStart(2, "0")}`;
      yield {
        config: { sw_if_index: on, vr_id, priority, interval, flags },
        runtime: {
          state: isStarted ? 1 : 0,
          master_adv_int: 0,
          skew: 0,
          master_down_int: 0,
          mac,
          tracking: { interfaces_dec: 0, priority },
        },
        addrs: addresses,
      };
    }
  },
  *vrrp_vr_peer_dump(vpp, { sw_if_index, is_ipv6, vr_id }) {
    const router = routerOf(vpp, sw_if_index, vr_id, is_ipv6 !== 0);
    if (router) yield { sw_if_index, vr_id, is_ipv6, peer_addrs: router.peers };
  },
  *vrrp_vr_track_if_dump(vpp, { sw_if_index, is_ipv6, vr_id, dump_all }) {
    const one = routerOf(vpp, sw_if_index, vr_id, is_ipv6 !== 0);
    const all = dump_all !== 0 ? [...vpp.routers.values()] : one ? [one] : [];
    for (const router of all) {
      const ifs = [...router.tracked].map(([index, priority]) => ({ sw_if_index: index, priority }));
      if (ifs.length > 0) yield { sw_if_index: router.on, vr_id: router.id, is_ipv6: router.isIpv6 ? 1 : 0, ifs };
    }
  },
} satisfies DumpsOf;
