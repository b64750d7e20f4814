/** VRF tables: which there are, and which interface is in which. */
import { commands } from "../api/cli.ts";
import type { Vpp } from "../api/vpp.ts";
import type { Family, VppObject, Vrf, VrfMember } from "../model.ts";
import { dump, each, type Reader, type Sight, type Target, type Writers } from "./kind.ts";
import type { InterfaceDetails } from "./names.ts";

const families = ["ipv4", "ipv6"] as const;

/** The tables that VPP has beside the main ones, whoever made them: linux-nl and det44 make some too. */
export async function readTables(sight: Pick<Sight, "vpp">): Promise<readonly Vrf[]> {
  const found = await dump(sight, "ip_table_dump");
  return found
    .filter(({ table }) => table.table_id !== 0)
    .map(({ table }) => ({ kind: "vrf", table: table.table_id, family: table.is_ip6 ? "ipv6" : "ipv4" }));
}

/** Which interface is in which VRF table, by its number. */
export type Memberships = ReadonlyMap<string, number>;

/** VPP tells it an interface and family at a time only: asked where there is any table to be in. */
export async function readMemberships(
  vpp: Vpp,
  interfaces: readonly InterfaceDetails[],
  tables: readonly Vrf[],
): Promise<Memberships> {
  const asked = families
    .filter((family) => tables.some((one) => one.family === family))
    .flatMap((family) => interfaces.map(({ sw_if_index }) => ({ family, sw_if_index })));
  const found = await each(asked, async ({ family, sw_if_index }) => {
    const { vrf_id } = await vpp.call("sw_interface_get_table", { sw_if_index, is_ipv6: family === "ipv6" });
    return [placeOf(sw_if_index, family), vrf_id] as const;
  });
  return new Map(found.filter(([, table]) => table !== 0));
}

function placeOf(index: number, family: Family): string {
  return `${index} ${family}`;
}

/** For an object on an interface: empty in the main table. */
export function inTable(memberships: Memberships, index: number, family: Family): { readonly table?: number } {
  const table = memberships.get(placeOf(index, family));
  return table === undefined ? {} : { table };
}

/** Of tables those that somebody configured: others last as long as what is in them. */
export const readVrfs: Reader = async (sight) => {
  const made = sight.tables.then((tables) => madeOf(tables, sight));
  const [vrfs, names, all, memberships] = await Promise.all([made, sight.names, sight.interfaces, sight.memberships]);
  const members = all.flatMap(({ sw_if_index }) =>
    families.flatMap((family): readonly VppObject[] => {
      const [on, { table }] = [names.nameOf(sw_if_index), inTable(memberships, sw_if_index, family)];
      return on === undefined || table === undefined ? [] : [{ kind: "vrf-member", on, family, table }];
    }),
  );
  return [...vrfs, ...members];
};

async function madeOf(tables: readonly Vrf[], sight: Sight): Promise<readonly Vrf[]> {
  const held = await Promise.all(tables.map((one) => isConfigured(one, sight)));
  return tables.filter((_, at) => held[at]);
}

/** No message says who holds a table. One whose answer is not understood counts as configured. */
async function isConfigured({ table, family }: Vrf, { vpp }: Pick<Sight, "vpp">): Promise<boolean> {
  const [, holders] = /\blocks:\[([^\]]*)\]/.exec(await vpp.cli(commands.holders(short[family], table))) ?? [];
  return holders === undefined || /\b(?:API|CLI):/.test(holders);
}

const short = { ipv4: "ip", ipv6: "ip6" } as const;

function bind({ on, family }: VrfMember, vrf_id: number, { vpp, names }: Target): Promise<unknown> {
  const fields = { sw_if_index: names.interface(on), is_ipv6: family === "ipv6", vrf_id };
  return vpp.call("sw_interface_set_table", fields);
}

function setTable(is_add: boolean, { table: table_id, family }: Vrf, { vpp }: Target): Promise<unknown> {
  const table = { table_id, is_ip6: family === "ipv6", name: "" };
  return vpp.call("ip_table_add_del", { is_add, table });
}

export const vrfWriters: Writers<"vrf" | "vrf-member"> = {
  vrf: {
    needs: ["ip_table_dump", "ip_table_add_del"],
    add: (object, to) => setTable(true, object, to),
    // What the API holds, and what the boot commands do: VPP does not mind either that does not.
    remove: (object, to) =>
      Promise.all([setTable(false, object, to), to.vpp.cli(commands.letGoOfTable(short[object.family], object.table))]),
  },
  "vrf-member": {
    needs: ["sw_interface_get_table", "sw_interface_set_table"],
    add: (object, to) => bind(object, object.table, to),
    set: (_, after, to) => bind(after, after.table, to),
    remove: (object, to) => bind(object, 0, to),
  },
};
