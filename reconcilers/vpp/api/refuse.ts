/**
 * Requests that look valid, and of which VPP 26.06 crashes or keeps something for ever that nothing removes but its restart
 * (each of them tried on a running one). Whether a request is one depends on what VPP has: it is asked before.
 */
import { printable } from "../../../schemas/printable.ts";
import { Problem } from "../../../schemas/problem.ts";
import { wrongVppLine } from "../../../schemas/vpp-line.ts";
import { freeHeap } from "./cli.ts";
import type { AbfItfAttach, AbfPolicy, Dumps, Fields, FibPath, Requests } from "./messages.ts";
import type { Vpp } from "./vpp.ts";

/** The feature that a policer is, and one of the same arc that is in no use. */
const policing = {
  in: [{ arc_name: "ip4-unicast", feature_name: "policer-input" }],
  out: [
    { arc_name: "ip4-output", feature_name: "policer-output" },
    { arc_name: "ip4-output", feature_name: "ip4-source-and-port-range-check-tx" },
  ],
} as const;

/** What VPP has, as far as it has been asked. */
export class Standing {
  private readonly vpp: Pick<Vpp, "has" | "call" | "dump" | "cli">;
  private policiesNow: Promise<readonly AbfPolicy[]> | undefined;
  private attachmentsNow: Promise<readonly AbfItfAttach[]> | undefined;
  private heapNow: Promise<number | undefined> | undefined;
  private burdensNow: Promise<ReadonlyMap<number, string>> | undefined;

  constructor(vpp: Pick<Vpp, "has" | "call" | "dump" | "cli">) {
    this.vpp = vpp;
  }

  policies(): Promise<readonly AbfPolicy[]> {
    this.policiesNow ??= this.ask("abf_policy_dump").then((all) => all.map(({ policy }) => policy));
    return this.policiesNow;
  }

  attachments(): Promise<readonly AbfItfAttach[]> {
    this.attachmentsNow ??= this.ask("abf_itf_attach_dump").then((all) => all.map(({ attach }) => attach));
    return this.attachmentsNow;
  }

  /** What must not be there when an interface goes, by the interface's number: that of a sub-interface is its parent's too. */
  burdens(): Promise<ReadonlyMap<number, string>> {
    this.burdensNow ??= this.burdened();
    return this.burdensNow;
  }

  /** VPP looks at every page of it for the answer, and forwards nothing meanwhile: it is asked once. */
  freeHeap(): Promise<number | undefined> {
    this.heapNow ??= freeHeap(this.vpp);
    return this.heapNow;
  }

  /** So many bytes of it are about to be taken. */
  takeHeap(bytes: number): void {
    const left = this.freeHeap().then((free) => free && free - bytes);
    // Whoever asks next hears of it; perhaps nobody does.
    left.catch(() => undefined);
    this.heapNow = left;
  }

  /** The interface on a device of Linux. */
  async hostInterface(device: string): Promise<number | undefined> {
    const all = await this.ask("af_packet_dump");
    return all.find((one) => one.host_if_name === device)?.sw_if_index;
  }

  /** The interface of a VXLAN tunnel. */
  async tunnel(vni: number, destination: string): Promise<number | undefined> {
    const all = await this.vpp.dump("vxlan_tunnel_v2_dump", { sw_if_index: 0xffffffff });
    return all.find((one) => one.vni === vni && one.dst_address === destination)?.sw_if_index;
  }

  /** After such a request has been sent. */
  forget(message: string): void {
    if (message === "abf_policy_add_del") this.policiesNow = undefined;
    if (message === "abf_itf_attach_add_del") this.attachmentsNow = this.burdensNow = undefined;
    if (message === "det44_interface_add_del_feature") this.burdensNow = undefined;
  }

  private async burdened(): Promise<ReadonlyMap<number, string>> {
    const [attachments, roles] = await Promise.all([this.attachments(), this.ask("det44_interface_dump")]);
    const burdens = new Map([
      ...roles.map((role) => [role.sw_if_index, "has a role in det44, which stays until VPP restarts"] as const),
      ...attachments.map(
        (one) =>
          [one.sw_if_index, `has ABF policy ${one.policy_id} attached, which haunts the next of its number`] as const,
      ),
    ]);
    const parents = await Promise.all(
      [...burdens].map(async ([index, what]) => [await this.parent(index), what] as const),
    );
    return new Map([...parents, ...burdens]);
  }

  /**
   * Whether a policer was put on an interface. VPP says so of every feature where none of the arc ever reached that interface: also
   * of one that nobody has.
   */
  async isPoliced(index: number, direction: "in" | "out"): Promise<boolean> {
    const asked = policing[direction].map(async (feature) => {
      const fields = { ...feature, sw_if_index: index };
      return (await this.vpp.call("feature_is_enabled", fields)).is_enabled;
    });
    const [policer, ...unused] = await Promise.all(asked);
    return policer === true && !unused.includes(true);
  }

  private async parent(index: number): Promise<number> {
    const all = await this.vpp.dump("sw_interface_dump", { sw_if_index: index });
    return all.find((one) => one.sw_if_index === index)?.sup_sw_if_index ?? index;
  }

  private ask<M extends "abf_policy_dump" | "abf_itf_attach_dump" | "det44_interface_dump" | "af_packet_dump">(
    message: M,
  ): Promise<readonly Dumps[M]["details"][]> {
    return this.vpp.has(message) ? this.vpp.dump(message) : Promise.resolve([]);
  }
}

type Check<M extends keyof Requests> = (
  fields: Fields<Requests[M]["request"]>,
  standing: Standing,
) => Promise<string | undefined>;

/** By request: why it must not be sent, as a sentence, or undefined when it may. */
const checks: { readonly [M in keyof Requests]?: Check<M> } = {
  abf_itf_attach_add_del: checkAttachment,
  abf_policy_add_del: checkPolicy,
  det44_add_del_map: checkMapping,
  delete_subif: checkRemoval,
  delete_loopback: checkRemoval,
  bvi_delete: checkRemoval,
  tap_delete_v2: checkRemoval,
  memif_delete: checkRemoval,
  bond_delete: checkRemoval,
  async af_packet_delete({ host_if_name: device }, standing) {
    const index = device === undefined ? undefined : await standing.hostInterface(device);
    return index === undefined ? undefined : checkRemoval({ sw_if_index: index }, standing);
  },
  vxlan_add_del_tunnel_v3: checkTunnel,
  policer_input: (fields, standing) => checkPolicerUse("in", fields, standing),
  policer_output: (fields, standing) => checkPolicerUse("out", fields, standing),
};

/** Whether `refusal` has to be asked about this request, and whether it changes what others are judged by. */
export function isDelicate(message: string): boolean {
  return message in checks || message === "det44_interface_add_del_feature";
}

/** VPP_REFUSED where VPP must not be sent this as it stands. */
export async function refusal<M extends keyof Requests>(
  message: M,
  fields: Fields<Requests[M]["request"]>,
  standing: Standing,
): Promise<Problem | undefined> {
  const why = await checks[message]?.(fields, standing);
  if (why === undefined) return undefined;
  return new Problem("VPP_REFUSED", `${message} was not sent: ${why}`, {
    remedy: "Observe and plan anew: the plan was made for something else than VPP has.",
  });
}

async function checkAttachment(
  { is_add: isAdd, attach }: Fields<Requests["abf_itf_attach_add_del"]["request"]>,
  standing: Standing,
): Promise<string | undefined> {
  if (!attach) return "it names no policy.";
  if (isAdd === true) {
    const policies = await standing.policies();
    return policies.some((policy) => policy.policy_id === attach.policy_id)
      ? undefined
      : `there is no ABF policy ${attach.policy_id}, and VPP crashes of attaching it.`;
  }
  const there = (await standing.attachments()).find(
    (one) => one.policy_id === attach.policy_id && one.sw_if_index === attach.sw_if_index,
  );
  return there && there.is_ipv6 !== (attach.is_ipv6 ?? false)
    ? `ABF policy ${attach.policy_id} is attached for the other family, and VPP crashes of detaching it for this one.`
    : undefined;
}

async function checkPolicy(
  { is_add: isAdd, policy }: Fields<Requests["abf_policy_add_del"]["request"]>,
  standing: Standing,
): Promise<string | undefined> {
  if (!policy) return "it names no policy.";
  const id = policy.policy_id;
  const [policies, attachments] = await Promise.all([standing.policies(), standing.attachments()]);
  const had = policies.find((one) => one.policy_id === id)?.paths ?? [];
  const paths = (policy.paths ?? []).map(pathKey);
  const there = new Set(had.map(pathKey));
  if (isAdd === true) {
    const isTwice = new Set(paths).size < paths.length || paths.some((path) => there.has(path));
    return isTwice
      ? `ABF policy ${id} would have a path twice: VPP loses all of its paths then, and crashes.`
      : undefined;
  }
  if (paths.some((path) => !there.has(path))) {
    return there.size === 0 ? undefined : `ABF policy ${id} has no such path to be removed.`;
  }
  const isWhole = new Set(paths).size === there.size;
  return isWhole && attachments.some((one) => one.policy_id === id)
    ? `ABF policy ${id} is still attached, and VPP crashes once its last path is gone: detach it first.`
    : undefined;
}

/** What VPP tells paths apart by, as far as ABF uses it. */
function pathKey({ sw_if_index: on = 0, table_id: table = 0, type = 0, proto = 0, nh }: Fields<FibPath>): string {
  const via = proto === 1 ? (nh?.address?.ip6 ?? "::") : (nh?.address?.ip4 ?? "0.0.0.0");
  return `${type} ${proto} ${via} ${on} ${table}`;
}

/** VPP keeps 1000 sessions of 24 bytes for every address inside, in one piece, and aborts where its heap has no room. */
export function sessionBytes(length: number): number {
  return 2 ** (32 - length) * 24_000;
}

/** What VPP is left with for everything else. */
const spareHeap = 32 * 1024 * 1024;

async function checkMapping(
  { is_add: isAdd, in_plen: length = 0 }: Fields<Requests["det44_add_del_map"]["request"]>,
  standing: Standing,
): Promise<string | undefined> {
  if (isAdd !== true) return undefined;
  const needed = sessionBytes(length);
  const free = await standing.freeHeap();
  if (free === undefined)
    return "VPP does not say how much of its heap is free, and it aborts when that is not enough.";
  if (needed + spareHeap <= free) {
    standing.takeHeap(needed);
    return undefined;
  }
  return `sessions of a /${length} take ${mebibytes(needed)} of VPP's heap, which has ${mebibytes(free)} free: VPP would abort. Use a longer prefix, or give its main-heap-size more.`;
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}

/** An interface takes much with it when it goes, but not everything. */
async function checkRemoval(
  { sw_if_index: index = 0 }: { readonly sw_if_index?: number },
  standing: Standing,
): Promise<string | undefined> {
  const burden = (await standing.burdens()).get(index);
  return burden === undefined ? undefined : `interface ${index}, or one on it, ${burden}: that has to go first.`;
}

async function checkTunnel(
  { is_add: isAdd = true, vni, dst_address: to }: Fields<Requests["vxlan_add_del_tunnel_v3"]["request"]>,
  standing: Standing,
): Promise<string | undefined> {
  if (isAdd) return undefined;
  const index = await standing.tunnel(vni ?? 0, to ?? "");
  return index === undefined ? undefined : checkRemoval({ sw_if_index: index }, standing);
}

async function checkPolicerUse(
  direction: "in" | "out",
  { apply: isOn, sw_if_index: index = 0 }: Fields<Requests["policer_input"]["request"]>,
  standing: Standing,
): Promise<string | undefined> {
  if (isOn === true || (await standing.isPoliced(index, direction))) return undefined;
  return `no policer holds ${direction === "in" ? "into" : "out of"} interface ${index}, and VPP crashes of taking off the first one that was never put on.`;
}

/** Of a line for VPP's CLI. */
export function refusalOfCommand(command: string): Problem | undefined {
  const line = command.trim();
  const why = wrongVppLine(line);
  return why === undefined ? undefined : new Problem("VPP_REFUSED", `"${printable(line)}" was not sent: ${why}`);
}
