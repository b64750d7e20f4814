/** IPv6 router advertisements, and the prefixes in them. */
import type { Dumps } from "../api/messages.ts";
import type { AdvertisedPrefix, RouterAdvertisements, VppObject } from "../model.ts";
import { dumpMany, type Reader, type Sight, type Target, type Writers } from "./kind.ts";
import { none } from "./names.ts";

/** What VPP begins with where IPv6 is enabled; an interface that has this is one that nobody configured. */
export const byItself = {
  sends: false,
  maxInterval: 200,
  minInterval: 150,
  lifetime: 600,
  managed: false,
  other: false,
};

/** Whether an interface that is to have this has nothing of ours: it cannot be told from one that nobody configured. */
export function isUsual(asked: typeof byItself): boolean {
  return (Object.keys(byItself) as (keyof typeof byItself)[]).every((field) => asked[field] === byItself[field]);
}

/** Seconds: for ever. */
export const infinite = 0xffff_ffff;

type Details = Dumps["sw_interface_ip6nd_ra_dump"]["details"];

const wanted = [
  "sw_if_index",
  "send_radv",
  "max_radv_interval",
  "min_radv_interval",
  "adv_router_lifetime",
  "adv_managed_flag",
  "adv_other_flag",
  "prefixes",
] as const satisfies readonly (keyof Details)[];

export type AdvertisementDetails = Pick<Details, (typeof wanted)[number]>;

/** Of every interface with IPv6, whether it has any. */
export function advertisements(sight: Pick<Sight, "vpp">): Promise<readonly AdvertisementDetails[]> {
  return dumpMany(sight, "sw_interface_ip6nd_ra_dump", [{ sw_if_index: none }], wanted);
}

export const readAdvertisements: Reader = async (sight) => {
  const [found, names] = await Promise.all([sight.advertisements, sight.names]);
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
    return [
      ...(isUsual(settings) ? [] : [{ kind: "router-advertisements" as const, on, ...settings }]),
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

/** How often it is looked whether an interface has IPv6: Linux makes sure for 1 to 2 s that nobody has its link-local address. */
const looks = 80;
const pauseMs = 100;

/** Behind a tap that came up a moment ago an interface has IPv6 once Linux has its link-local address. After a while VPP may refuse. */
async function withIpv6(sw_if_index: number, { vpp, pause }: Target): Promise<void> {
  if (!vpp.has("lcp_itf_pair_get")) return;
  for (let look = 0; look < looks; look += 1) {
    if ((await vpp.dump("sw_interface_ip6nd_ra_dump", { sw_if_index })).length > 0) return;
    await pause(pauseMs);
  }
}

/** A flag that is 0 leaves what is there; with is_no, a flag that is 1 goes back to what VPP begins with. */
async function configure(
  before: RouterAdvertisements | undefined,
  after: RouterAdvertisements,
  to: Target,
): Promise<unknown> {
  const { vpp } = to;
  const sw_if_index = to.names.interface(after.on);
  await withIpv6(sw_if_index, to);
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

async function advertise(is_no: boolean, object: AdvertisedPrefix, to: Target): Promise<unknown> {
  const sw_if_index = to.names.interface(object.on);
  if (!is_no) await withIpv6(sw_if_index, to);
  return to.vpp.call("sw_interface_ip6nd_ra_prefix", {
    sw_if_index,
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
 * remembered, and stands as it was set. Once half of it is gone it runs out, and is to be set anew. An infinite one stays.
 */
export function asSet(remembered: AdvertisedPrefix, live: AdvertisedPrefix): AdvertisedPrefix {
  const lives = [
    [live.valid, remembered.valid],
    [live.preferred, remembered.preferred],
  ] as const;
  if (lives.some(([left, whole]) => left > whole || (whole === infinite && left !== whole))) return live;
  const runsOut = lives.some(([left, whole]) => left !== whole && left <= whole / 2);
  return { ...live, valid: remembered.valid, preferred: remembered.preferred, ...(runsOut && { runsOut }) };
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
