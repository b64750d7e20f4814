/** Next hops, as routes and ABF policies have them. */
import type { FibPath } from "../api/messages.ts";
import type { Hop } from "../model.ts";
import { goneName, type Names, none } from "./names.ts";

const label = { is_uniform: 0, label: 0, ttl: 0, exp: 0 };
const labels = Array.from({ length: 16 }, () => label);

/** `isIpv6`: of the packets that go there. `table`: where next hops without an interface are looked for. */
export function toPaths(hops: readonly Hop[], isIpv6: boolean, names: Names, table = 0): readonly FibPath[] {
  return hops.map(({ via, interface: name }) => ({
    sw_if_index: name === undefined ? none : names.interface(name),
    table_id: name === undefined ? table : 0,
    rpf_id: 0,
    weight: 1,
    preference: 0,
    type: 0,
    flags: 0,
    proto: isIpv6 ? 1 : 0,
    nh: {
      address: isIpv6 ? { ip6: via ?? "::" } : { ip4: via ?? "0.0.0.0" },
      via_label: 0,
      obj_id: 0,
      classify_table_index: 0,
    },
    n_labels: 0,
    label_stack: labels,
  }));
}

/** Sorted. Paths that lead nowhere are left out: with nothing left, packets are dropped. `table` as in `toPaths`. */
export function fromPaths(paths: readonly FibPath[], names: Names, table = 0): readonly Hop[] {
  return paths
    .filter((path) => path.type === 0)
    .map((path): Hop => {
      const via = path.proto === 1 ? path.nh.address.ip6 : path.nh.address.ip4;
      const name =
        path.sw_if_index === none ? undefined : (names.nameOf(path.sw_if_index) ?? goneName(path.sw_if_index));
      return {
        ...(via !== undefined && via !== "0.0.0.0" && via !== "::" && { via }),
        ...(name !== undefined && { interface: name }),
        ...(path.sw_if_index === none && path.table_id !== table && { elsewhere: path.table_id }),
      };
    })
    .toSorted(byHop);
}

function byHop(a: Hop, b: Hop): number {
  const [one, other] = [textOf(a), textOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function textOf({ via = "", interface: name = "" }: Hop): string {
  return `${via} ${name}`;
}
