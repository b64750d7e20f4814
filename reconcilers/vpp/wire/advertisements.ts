/** IPv6 router advertisements, and the prefixes in them. */
import type { AdvertisedPrefix, RouterAdvertisements, VppObject } from "../model.ts";
import { dump, type Reader, type Target, type Writers } from "./kind.ts";
import { none } from "./names.ts";

/** What VPP begins with where IPv6 is enabled; an interface that has this is one that nobody configured. */
const byItself = { sends: false, maxInterval: 200, minInterval: 150, lifetime: 600, managed: false, other: false };

const infinite = 0xffff_ffff;

export const readAdvertisements: Reader = async (sight) => {
  const found = await dump(sight, "sw_interface_ip6nd_ra_dump", { sw_if_index: none });
  const names = await sight.names;
  return found.flatMap((details): VppObject[] => {
    const on = names.nameOf(details.sw_if_index);
    if (on === undefined) return [];
    const settings = {
      sends: details.send_radv,
      maxInterval: details.max_radv_interval,
      minInterval: details.min_radv_interval,
      lifetime: details.adv_router_lifetime,
      managed: details.adv_managed_flag,
      other: details.adv_other_flag,
    };
    const isConfigured = JSON.stringify(settings) !== JSON.stringify(byItself);
    return [
      ...(isConfigured ? [{ kind: "router-advertisements" as const, on, ...settings }] : []),
      ...details.prefixes
        .filter((one) => !one.no_advertise)
        .map((one): AdvertisedPrefix => {
          const prefix: AdvertisedPrefix = {
            kind: "advertised-prefix",
            on,
            prefix: one.prefix,
            valid: one.val_lifetime,
            preferred: one.pref_lifetime,
            onLink: one.onlink_flag,
            autonomous: one.autonomous_flag,
          };
          return sight.remembered.advertised(prefix);
        }),
    ];
  });
};

/** A flag that is 0 leaves what is there; with is_no, a flag that is 1 goes back to what VPP begins with. */
function configure(
  before: RouterAdvertisements | undefined,
  after: RouterAdvertisements,
  { vpp, names }: Target,
): Promise<unknown> {
  const sw_if_index = names.interface(after.on);
  const managed = before?.managed === true && !after.managed;
  const other = before?.other === true && !after.other;
  const sent: Promise<unknown>[] = [];
  if (managed || other) {
    const flags = { managed: Number(managed), other: Number(other) };
    sent.push(vpp.call("sw_interface_ip6nd_ra_config", { sw_if_index, is_no: true, ...flags }));
  }
  sent.push(
    vpp.call("sw_interface_ip6nd_ra_config", {
      sw_if_index,
      // Every call without it makes VPP send.
      suppress: Number(!after.sends),
      managed: Number(after.managed),
      other: Number(after.other),
      max_interval: after.maxInterval,
      min_interval: after.minInterval,
      default_router: 1,
      lifetime: after.lifetime,
    }),
  );
  return Promise.all(sent);
}

function reset({ on }: RouterAdvertisements, { vpp, names }: Target): Promise<unknown> {
  const sw_if_index = names.interface(on);
  const all = { managed: 1, other: 1, max_interval: 1, min_interval: 1, default_router: 1 };
  return Promise.all([
    vpp.call("sw_interface_ip6nd_ra_config", { sw_if_index, is_no: true, ...all }),
    vpp.call("sw_interface_ip6nd_ra_config", { sw_if_index, suppress: 1 }),
  ]);
}

function advertise(is_no: boolean, object: AdvertisedPrefix, { vpp, names }: Target): Promise<unknown> {
  return vpp.call("sw_interface_ip6nd_ra_prefix", {
    sw_if_index: names.interface(object.on),
    prefix: object.prefix,
    is_no,
    no_onlink: !object.onLink,
    no_autoconfig: !object.autonomous,
    val_lifetime: object.valid,
    pref_lifetime: object.preferred,
  });
}

/**
 * VPP counts a prefix's lifetimes down with the clock, advertises what is left, and at the end nothing: what was set is
 * remembered, and as long as more than half of it is left, it stands as it was set. After that it is seen as what is left of
 * it, and so set anew. An infinite one stays.
 */
export function asSet(remembered: AdvertisedPrefix, live: AdvertisedPrefix): AdvertisedPrefix {
  const stands = (left: number, whole: number) =>
    left === whole || (whole !== infinite && left <= whole && left > whole / 2);
  const isWhole = stands(live.valid, remembered.valid) && stands(live.preferred, remembered.preferred);
  return isWhole ? { ...live, valid: remembered.valid, preferred: remembered.preferred } : live;
}

export const advertisementWriters: Writers<"router-advertisements" | "advertised-prefix"> = {
  "router-advertisements": {
    needs: ["sw_interface_ip6nd_ra_dump", "sw_interface_ip6nd_ra_config"],
    add: (object, to) => configure(undefined, object, to),
    set: configure,
    remove: reset,
  },
  "advertised-prefix": {
    needs: ["sw_interface_ip6nd_ra_dump", "sw_interface_ip6nd_ra_prefix"],
    add: (object, to) => advertise(false, object, to),
    set: (_, after, to) => advertise(false, after, to),
    remove: (object, to) => advertise(true, object, to),
  },
};
