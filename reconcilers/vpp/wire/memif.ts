/** Memory interfaces between instances, and the sockets over which they meet. */
import type { VppObject } from "../model.ts";
import { type Claim, gone, named } from "./making.ts";
import { dump, type Reader, type Sight, type Writers } from "./kind.ts";

export async function memifs(sight: Sight): Promise<readonly Claim[]> {
  const found = await dump(sight, "memif_dump");
  return found.map(({ sw_if_index: index, socket_id: socket, id, role, hw_addr: mac }) => ({
    index,
    make: ({ interface_name: name }): VppObject => ({
      kind: "memif",
      name,
      socket,
      id,
      role: role === 0 ? "master" : "slave",
      mac,
    }),
  }));
}

/** Socket 0 is VPP's own. */
export const readSockets: Reader = async (sight) => {
  const found = await dump(sight, "memif_socket_filename_dump");
  return found
    .filter(({ socket_id }) => socket_id !== 0)
    .map(({ socket_id: id, socket_filename: path }) => ({ kind: "memif-socket", id, path }));
};

export const memifWriters: Writers<"memif-socket" | "memif"> = {
  "memif-socket": {
    needs: ["memif_socket_filename_dump", "memif_socket_filename_add_del_v2"],
    add: ({ id, path }, { vpp }) =>
      vpp.call("memif_socket_filename_add_del_v2", { is_add: true, socket_id: id, socket_filename: path }),
    remove: ({ id, path }, { vpp }) =>
      vpp.call("memif_socket_filename_add_del_v2", { is_add: false, socket_id: id, socket_filename: path }),
  },
  memif: {
    needs: ["memif_dump", "memif_create_v2", "memif_delete"],
    add: ({ name, socket, id, role, mac }, to) =>
      named(
        to,
        name,
        `memif${socket}/${id}`,
        to.vpp.call("memif_create_v2", { role: role === "master" ? 0 : 1, id, socket_id: socket, hw_addr: mac }),
      ),
    remove: ({ name }, to) => gone(to, name, (sw_if_index) => to.vpp.call("memif_delete", { sw_if_index })),
  },
};
