/** Bonds and their members. */
import type { Bond, VppObject } from "../model.ts";
import { type Claim, gone, named, usualNames } from "./making.ts";
import { dump, type Reader, type Sight, type Target, type Writer, type Writers } from "./kind.ts";
import { none } from "./names.ts";

const modes = { "round-robin": 1, "active-backup": 2, xor: 3, broadcast: 4, lacp: 5 } as const;
const balances = { l2: 0, l34: 1, l23: 2 } as const;

export async function bonds(sight: Sight): Promise<readonly Claim[]> {
  const found = await dump(sight, "sw_bond_interface_dump", { sw_if_index: none });
  return found.map(({ sw_if_index: index, id, mode, lb }) => ({
    index,
    make: ({ interface_name: name, l2_address: mac }): VppObject => {
      const balance = mode === modes.xor || mode === modes.lacp ? wordOf(balances, lb) : undefined;
      return {
        kind: "bond",
        name,
        id,
        mode: wordOf(modes, mode) ?? "round-robin",
        ...(balance !== undefined && { balance }),
        mac,
      };
    },
  }));
}

function wordOf<Word extends string>(numbers: Readonly<Record<Word, number>>, number: number): Word | undefined {
  for (const word in numbers) if (numbers[word] === number) return word;
  return undefined;
}

export const readMembers: Reader = async (sight) => {
  const found = await dump(sight, "sw_bond_interface_dump", { sw_if_index: none });
  const members = await Promise.all(
    found.map(async ({ sw_if_index }) => ({
      bond: sw_if_index,
      of: await dump(sight, "sw_member_interface_dump", { sw_if_index }),
    })),
  );
  const names = await sight.names;
  return members.flatMap(({ bond: index, of }) => {
    const bond = names.nameOf(index);
    return of.flatMap(({ sw_if_index }): VppObject[] => {
      const on = names.nameOf(sw_if_index);
      return on === undefined || bond === undefined ? [] : [{ kind: "bond-member", on, bond }];
    });
  });
};

const bond: Pick<Writer<Bond>, "add" | "remove"> = {
  add: ({ name, id, mode, balance, mac }, to: Target) =>
    named(
      to,
      name,
      usualNames.bond(id),
      to.vpp.call("bond_create2", {
        mode: modes[mode],
        lb: balances[balance ?? "l2"],
        use_custom_mac: mac !== undefined,
        ...(mac !== undefined && { mac_address: mac }),
        id,
      }),
    ),
  async remove({ name, id }, to) {
    if (to.names.has(name)) return gone(to, name, (sw_if_index) => to.vpp.call("bond_delete", { sw_if_index }));
    // Another one has its name.
    const found = await dump(to, "sw_bond_interface_dump", { sw_if_index: none });
    const sw_if_index = found.find((one) => one.id === id)?.sw_if_index;
    return sw_if_index === undefined ? undefined : to.vpp.call("bond_delete", { sw_if_index });
  },
};

const member: Pick<Writer<Extract<VppObject, { kind: "bond-member" }>>, "add" | "remove"> = {
  add: (object, to) =>
    to.vpp.call("bond_add_member", {
      sw_if_index: to.names.interface(object.on),
      bond_sw_if_index: to.names.interface(object.bond),
    }),
  remove: ({ on }, to) => to.vpp.call("bond_detach_member", { sw_if_index: to.names.interface(on) }),
};

export const bondWriters: Writers<"bond" | "bond-member"> = {
  bond: { needs: ["sw_bond_interface_dump", "bond_create2", "bond_delete"], ...bond },
  "bond-member": {
    needs: ["sw_member_interface_dump", "bond_add_member", "bond_detach_member"],
    ...member,
  },
};
