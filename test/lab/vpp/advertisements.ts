/** Router advertisements of the simulated VPP. */
import type { Calls, DumpsOf } from "./handlers.ts";
import { hasIpv6 } from "./addresses.ts";
import { none, retval, type Advertisements, type Interface } from "./state.ts";
import { network, splitPrefix } from "./text.ts";

/** undefined where the interface has no IPv6. */
export function advertisementsOf(itf: Interface): Advertisements | undefined {
  if (!hasIpv6(itf)) return undefined;
  return (itf.advertisements ??= {
    managed: false,
    other: false,
    linkLayer: true,
    unicast: false,
    cease: false,
    sends: false,
    lifetime: 600,
    max: 200,
    min: 150,
    initialCount: 3,
    initialInterval: 16,
    prefixes: new Map(),
  });
}

export interface WantedAdvertisements {
  readonly suppress: boolean;
  readonly managed: boolean;
  readonly other: boolean;
  readonly isNo: boolean;
  /** 0: as before. */
  readonly max: number;
  readonly min: number;
  /** undefined: as before. */
  readonly lifetime: number | undefined;
}

const initial = { max: 200, min: 150, lifetime: 600 };
const longestLifetime = 9000;

/** Flags are changes: what is not said stays. It sends from then on, unless told not to in the same call. */
export function advertise(itf: Interface, wanted: WantedAdvertisements): number {
  const ra = advertisementsOf(itf);
  if (!ra) return -62;
  // Whatever becomes of the call.
  ra.sends = true;
  const { isNo } = wanted;
  const said = { ...wanted, min: wanted.max !== 0 && wanted.min === 0 ? Math.floor(0.75 * wanted.max) : wanted.min };
  const max = said.max === 0 ? ra.max : isNo ? initial.max : said.max;
  const min = said.min === 0 ? ra.min : isNo ? initial.min : said.min;
  const asked = said.lifetime === undefined ? ra.lifetime : isNo ? initial.lifetime : said.lifetime;
  const lifetime = Math.min(asked, longestLifetime);
  if (lifetime !== 0 && lifetime <= max) return retval.invalidValue;
  if (min !== 0 && (min > 0.75 * max || min < 3)) return retval.invalidValue;
  ra.sends = !wanted.suppress || isNo;
  if (wanted.managed) ra.managed = !isNo;
  if (wanted.other) ra.other = !isNo;
  Object.assign(ra, { max, min, lifetime });
  return 0;
}

export function advertisePrefix(
  itf: Interface,
  prefix: string,
  wanted: {
    readonly isNo: boolean;
    readonly valid: number;
    readonly preferred: number;
    readonly offLink: boolean;
    readonly noAutoconfig: boolean;
    readonly isSilent: boolean;
  },
): number {
  const ra = advertisementsOf(itf);
  if (!ra) return -62;
  const [address] = splitPrefix(network(prefix));
  const standing = [...ra.prefixes.keys()].find((one) => splitPrefix(one)[0] === address);
  if (wanted.isNo) {
    if (standing === undefined) return retval.invalidValue;
    if (standing !== network(prefix)) return retval.invalidValue2;
    ra.prefixes.delete(standing);
    return 0;
  }
  if (standing !== undefined && standing !== network(prefix)) return retval.invalidValue2;
  ra.prefixes.set(network(prefix), {
    onLink: !wanted.offLink,
    autonomous: !wanted.noAutoconfig,
    advertised: !wanted.isSilent,
    valid: wanted.valid,
    preferred: wanted.preferred,
  });
  return 0;
}

export const advertisementCalls = {
  sw_interface_ip6nd_ra_config(vpp, request) {
    const itf = vpp.interfaces.get(request.sw_if_index);
    if (!itf) return retval.invalidInterface;
    return advertise(itf, {
      suppress: request.suppress === 1,
      managed: request.managed === 1,
      other: request.other === 1,
      isNo: request.is_no,
      max: request.max_interval,
      min: request.min_interval,
      lifetime: request.default_router === 1 ? request.lifetime : undefined,
    });
  },
  sw_interface_ip6nd_ra_prefix(vpp, request) {
    const itf = vpp.interfaces.get(request.sw_if_index);
    if (!itf) return retval.invalidInterface;
    return advertisePrefix(itf, request.prefix, {
      isNo: request.is_no,
      valid: request.use_default ? 2_592_000 : request.val_lifetime,
      preferred: request.use_default ? 604_800 : request.pref_lifetime,
      offLink: request.off_link || request.no_onlink,
      noAutoconfig: request.no_autoconfig || request.off_link,
      isSilent: request.no_advertise,
    });
  },
} satisfies Calls;

export const advertisementDumps = {
  *sw_interface_ip6nd_ra_dump(vpp, { sw_if_index }) {
    for (const itf of vpp.interfaces.values()) {
      const ra = advertisementsOf(itf);
      if (!ra || (sw_if_index !== none && sw_if_index !== itf.index)) continue;
      yield {
        sw_if_index: itf.index,
        cur_hop_limit: 64,
        adv_managed_flag: ra.managed,
        adv_other_flag: ra.other,
        adv_router_lifetime: ra.lifetime,
        send_radv: ra.sends,
        adv_link_layer_address: ra.linkLayer,
        max_radv_interval: ra.max,
        min_radv_interval: ra.min,
        initial_adverts_count: ra.initialCount,
        initial_adverts_interval: ra.initialInterval,
        prefixes: [...ra.prefixes].map(([prefix, one]) => ({
          prefix,
          onlink_flag: one.onLink,
          autonomous_flag: one.autonomous,
          val_lifetime: one.valid,
          pref_lifetime: one.preferred,
          valid_lifetime_expires: 0,
          pref_lifetime_expires: 0,
          decrement_lifetime_flag: false,
          no_advertise: !one.advertised,
        })),
      };
    }
  },
} satisfies DumpsOf;
