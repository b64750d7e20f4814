import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { known } from "../../../../../reconcilers/vpp/api/definitions.ts";
import { askNumbering, openVpp } from "../../../../../reconcilers/vpp/api/open.ts";
import type { Vpp } from "../../../../../reconcilers/vpp/api/vpp.ts";
import { simVpp } from "../../../../lab/vpp/sim-vpp.ts";
import { type Asked, vppWire, type Wire, type WireOptions } from "../../../../lab/vpp-wire.ts";

const signal = new AbortController().signal;

async function opened(answer: WireOptions["answer"] = () => undefined, more: WireOptions = {}): Promise<[Vpp, Wire]> {
  const wire = vppWire({ answer, ...more });
  return [await openVpp(wire.host, { socket: "/run/vpp/api.sock" }, signal), wire];
}

function interfaces({ message }: Asked) {
  return message === "sw_interface_dump"
    ? ([1, 2, 3].map((index) => ["sw_interface_details", { sw_if_index: index, interface_name: `eth${index}` }]) as [
        string,
        object,
      ][])
    : undefined;
}

describe("a VPP that many connect to", () => {
  it("is left with a word, and lives", async () => {
    const sim = simVpp();
    for (let times = 0; times < 40; times += 1) {
      const { host } = vppWire({});
      const vpp = await openVpp({ ...host, connect: async () => sim.connect() }, { socket: "" }, signal);
      vpp.close();
    }
    await turn();
    expect(sim.deaths).toEqual([]);
  });

  it("hangs with sixteen who went without one", () => {
    const sim = simVpp();
    for (let times = 0; times < 16; times += 1) sim.connect().close();
    expect(sim.deaths).toEqual(["16 clients went without sockclnt_delete"]);
  });
});

describe.each([
  ["a connection", openVpp],
  ["one that only asks what VPP calls its messages", askNumbering],
] as const)("%s that is given up while VPP is greeted", (_, open) => {
  /** A VPP that does not answer the greeting by itself. */
  async function greeting() {
    const heard: Asked[] = [];
    const stop = new AbortController();
    const wire = vppWire({
      answer(asked) {
        heard.push(asked);
        return asked.message === "sockclnt_create" ? [] : undefined;
      },
    });
    const opening = open(wire.host, { socket: "s" }, stop.signal);
    await turn();
    stop.abort(new Error("interrupted"));
    await expect(opening).rejects.toThrow("interrupted");
    const numbers = [...known().message.values()].map(({ name, crc }, at) => ({
      index: 100 + at,
      name: `${name}_${crc}`,
    }));
    const answer = async () => {
      wire.send(wire.message("sockclnt_create_reply", { index: 7, message_table: numbers }, heard[0]?.context));
      await turn();
    };
    return { wire, answer, heard: () => heard.map(({ message }) => message) };
  }

  it("is left with a word once VPP has answered", async () => {
    const { answer, heard } = await greeting();
    await answer();
    expect(heard()).toEqual(["sockclnt_create", "sockclnt_delete"]);
  });

  it("is closed where VPP goes on saying nothing", async () => {
    const { wire, answer, heard } = await greeting();
    wire.pass(2000);
    await turn();
    await answer();
    expect(heard()).toEqual(["sockclnt_create"]);
  });
});

describe("a connection to VPP", () => {
  it("knows the version, and this run of VPP", async () => {
    const [vpp] = await opened(undefined, {
      pid: 812,
      files: {
        "/proc/812/stat": `812 (vpp_main) x) S ${Array.from({ length: 18 }, (_, n) => n + 4).join(" ")} 5310 0`,
      },
    });

    expect(vpp.version).toBe("26.06-release");
    expect(vpp.incarnation).toBe("boot: vpp 812@5310");
  });

  it("gives a dump's details, which end with the answer to the ping behind it", async () => {
    const [vpp] = await opened(interfaces);

    const all = await vpp.dump("sw_interface_dump");

    expect(all.map((one) => `${one.sw_if_index} ${one.interface_name}`)).toEqual(["1 eth1", "2 eth2", "3 eth3"]);
    expect(await vpp.dump("ip_table_dump")).toEqual([]);
  });

  it("sends what is asked for at once in one write, and finds each answer", async () => {
    const [vpp, wire] = await opened(({ message, fields }) =>
      message === "ip_address_dump"
        ? [
            [
              "ip_address_details",
              { sw_if_index: fields["sw_if_index"], prefix: `192.0.2.${Number(fields["sw_if_index"])}/24` },
            ],
          ]
        : undefined,
    );
    wire.writes.length = 0;

    const all = await Promise.all([7, 8, 9].map((index) => vpp.dump("ip_address_dump", { sw_if_index: index })));

    expect(all.flat().map((one) => one.prefix)).toEqual(["192.0.2.7/24", "192.0.2.8/24", "192.0.2.9/24"]);
    expect(wire.writes.length).toBe(1);
  });

  it("asks for many things with one ping behind all of them", async () => {
    const [vpp, wire] = await opened(({ message, fields }) =>
      message === "ip_address_dump"
        ? [["ip_address_details", { sw_if_index: fields["sw_if_index"], prefix: "192.0.2.7/24" }]]
        : undefined,
    );
    wire.asked.length = 0;

    const asked = Array.from({ length: 3000 }, (_, index) => ({ sw_if_index: index }));
    const all = await vpp.dumpMany("ip_address_dump", asked, ["sw_if_index"]);

    expect(all).toEqual(asked);
    expect(new Set(wire.asked.map(({ context }) => context)).size).toBe(3);
    await expect(vpp.dumpMany("ip_address_dump", [], ["prefix"])).resolves.toEqual([]);
  });

  it("goes on with a paged get as long as VPP says that there is more", async () => {
    const [vpp, wire] = await opened(({ message, fields }) =>
      message === "lcp_itf_pair_get"
        ? [
            ["lcp_itf_pair_details", { host_if_name: `tap${String(fields["cursor"])}` }],
            ["lcp_itf_pair_get_reply", fields["cursor"] === 0 ? { retval: -165, cursor: 5 } : { retval: 0, cursor: 9 }],
          ]
        : undefined,
    );

    expect((await vpp.dump("lcp_itf_pair_get")).map((one) => one.host_if_name)).toEqual(["tap0", "tap5"]);
    expect(wire.asked.filter((one) => one.message === "lcp_itf_pair_get").length).toBe(2);
  });

  it.each([
    ["where it is already", [0]],
    ["where it was before", [5, 9, 5]],
  ])("stops where a paged get goes on %s", async (_, cursors) => {
    const left = [...cursors];
    const [vpp] = await opened(({ message }) =>
      message === "lcp_itf_pair_get"
        ? [["lcp_itf_pair_get_reply", { retval: -165, cursor: left.shift() ?? cursors.at(-1) }]]
        : undefined,
    );

    await expect(vpp.dump("lcp_itf_pair_get")).rejects.toMatchObject({
      code: "VPP_MESSAGE",
      message: "VPP says of lcp_itf_pair_get that there is more, and names a place where it was already.",
    });
    await expect(vpp.dump("sw_interface_dump")).resolves.toEqual([]);
  });

  it("says what VPP refused, by VPP's name, and what that means", async () => {
    const [vpp] = await opened(({ message }) =>
      message === "create_subif" ? [["create_subif_reply", { retval: -56 }]] : undefined,
    );
    const request = vpp.call("create_subif", { sw_if_index: 1, sub_id: 100 });

    await expect(request).rejects.toMatchObject({
      code: "VPP_REFUSED",
      message:
        "VPP refused create_subif (sw_if_index 1, sub_id 100): VLAN_ALREADY_EXISTS (-56), the parent has a sub-interface of this number.",
    });
    await expect(vpp.call("create_subif", { sw_if_index: 1 }, [-56])).resolves.toMatchObject({ retval: -56 });
  });

  it("does not wait for what VPP ignores, and goes on", async () => {
    const [vpp] = await opened(({ message }) => (message === "set" ? [] : undefined));
    const request = vpp.call("sw_interface_set_flags", { sw_if_index: 1, flags: 1 });

    await expect(request).rejects.toMatchObject({
      code: "VPP_MESSAGE",
      message: "VPP ignored sw_interface_set_flags, and went on.",
    });
    await expect(vpp.dump("sw_interface_dump")).resolves.toEqual([]);
  });

  it("has a value that does not fit its field refused before it is sent", async () => {
    const [vpp, wire] = await opened();
    const before = wire.asked.length;
    const request = vpp.call("sw_interface_add_del_address", { sw_if_index: 1, prefix: "10.0.0.1" });

    await expect(request).rejects.toMatchObject({
      code: "VPP_MESSAGE",
      message: 'sw_interface_add_del_address cannot be sent: prefix: is no prefix: "10.0.0.1".',
    });
    await expect(vpp.call("hw_interface_set_mtu", { mtu: 70_000 })).rejects.toThrow(/mtu: is 70000/);
    await expect(vpp.call("sw_interface_set_interface_name", { name: "x".repeat(64) })).rejects.toThrow(
      /longer than 63/,
    );
    expect(wire.asked.length).toBe(before);
  });

  it("hears what VPP sends unasked", async () => {
    const heard: string[] = [];
    const wire = vppWire();
    const options = {
      socket: "s",
      event: (name: string, fields: object) => heard.push(`${name} ${JSON.stringify(fields)}`),
    };
    const vpp = await openVpp(wire.host, options, signal);

    wire.send(wire.message("sw_interface_event", { pid: 1, sw_if_index: 5, flags: 3, deleted: false }));
    await vpp.dump("ip_table_dump");

    expect(heard).toEqual(['sw_interface_event {"pid":1,"sw_if_index":5,"flags":3,"deleted":false}']);
  });
});

describe("a connection to VPP that goes wrong", () => {
  it("says so when nobody listens", async () => {
    const host = { ...vppWire().host, connect: () => Promise.reject(new Error("ECONNREFUSED")) };

    await expect(openVpp(host, { socket: "/run/vpp/api.sock" }, signal)).rejects.toMatchObject({
      code: "VPP_UNREACHABLE",
      transient: true,
      message: "VPP does not answer on /run/vpp/api.sock.",
    });
  });

  it("fails every request when VPP goes away in the middle of a dump", async () => {
    const [vpp] = await opened((asked) =>
      asked.message === "sw_interface_dump" ? [...(interfaces(asked) ?? []), "close"] : undefined,
    );
    const dump = vpp.dump("sw_interface_dump");
    const behind = vpp.call("sw_interface_set_flags", { sw_if_index: 1 });

    await expect(dump).rejects.toMatchObject({ code: "VPP_UNREACHABLE", transient: true });
    await expect(behind).rejects.toThrow("VPP closed its API socket in the middle of an answer");
    expect(vpp.ended.aborted).toBe(true);
    await expect(vpp.dump("sw_interface_dump")).rejects.toMatchObject({ code: "VPP_UNREACHABLE" });
  });

  it("ends at a frame of 4 GB", async () => {
    const frame = new Uint8Array(32);
    frame.fill(0xff, 8, 12);
    const [vpp, wire] = await opened();
    const dump = vpp.dump("sw_interface_dump");
    wire.send(frame);

    await expect(dump).rejects.toMatchObject({
      code: "VPP_UNREACHABLE",
      message: "VPP's API socket announced a message of 4294967295 bytes.",
    });
  });

  it("ends when half a frame is all that comes within the deadline", async () => {
    let isOpen = false;
    const [vpp, wire] = await opened(({ message }) =>
      isOpen && message === "control_ping" ? [new Uint8Array(9)] : undefined,
    );
    isOpen = true;
    const dump = vpp.dump("sw_interface_dump");
    await turn();
    wire.pass(30_000);

    await expect(dump).rejects.toMatchObject({
      code: "VPP_UNREACHABLE",
      transient: true,
      message: "VPP did not answer sw_interface_dump within 30 s.",
    });
  });

  it("ends when what comes within the deadline answers nothing", async () => {
    let isOpen = false;
    const [vpp, wire] = await opened(({ message }) => (isOpen && message === "control_ping" ? [] : undefined));
    isOpen = true;
    const dump = vpp.dump("sw_interface_dump");
    await turn();
    for (let times = 0; times < 3; times += 1) {
      wire.send(wire.message("sw_interface_details", { sw_if_index: 9 }, 0xdddd));
      wire.send(new Uint8Array(16));
      await turn();
      wire.pass(10_000);
    }

    await expect(dump).rejects.toThrow("VPP did not answer sw_interface_dump within 30 s.");
  });

  it("does not wait for ever to take leave of a VPP that takes nothing any more", async () => {
    const wire = vppWire();
    let isStuck = false;
    let closed = 0;
    const host = {
      ...wire.host,
      async connect(path: string, until: AbortSignal) {
        const inner = await wire.host.connect(path, until);
        return {
          ...inner,
          write: (bytes: Uint8Array) => (isStuck ? new Promise<void>(() => undefined) : inner.write(bytes)),
          close: () => (closed += 1),
        };
      },
    };
    const vpp = await openVpp(host, { socket: "s" }, signal);
    isStuck = true;
    vpp.close();
    await turn();
    expect(closed).toBe(0);
    wire.pass(2000);
    await turn();

    expect(closed).toBe(1);
  });

  it("ends when VPP does not answer the handshake", async () => {
    const wire = vppWire({ answer: () => [] });
    const opening = openVpp(wire.host, { socket: "s", deadlineMs: 1000 }, signal);
    await turn();
    wire.pass(1000);

    await expect(opening).rejects.toMatchObject({
      code: "VPP_UNREACHABLE",
      message: "VPP did not answer sockclnt_create within 1 s.",
    });
  });

  it("passes over numbers and contexts that nobody knows", async () => {
    const [vpp, wire] = await opened(interfaces);
    const stray = wire.message("sw_interface_details", { sw_if_index: 9 }, 0xdddd);
    const unknown = stray.slice();
    unknown.set([0xff, 0xfe], 16);
    wire.send(stray);
    wire.send(unknown);
    wire.send(new Uint8Array(16));

    expect((await vpp.dump("sw_interface_dump")).length).toBe(3);
  });

  it("fails one request alone when its answer cannot be read", async () => {
    const [vpp] = await opened(({ message, context }) => {
      const bytes = vppWire().message("acl_details", { acl_index: 1, r: [] }, context);
      bytes.set([0xff, 0xff, 0xff, 0xff], bytes.length - 4);
      return message === "acl_dump" ? [bytes] : undefined;
    });

    await expect(vpp.dump("acl_dump")).rejects.toMatchObject({
      code: "VPP_MESSAGE",
      message: "VPP's answer to acl_dump cannot be read: 4294967295 elements in 0 bytes.",
    });
    await expect(vpp.dump("ip_table_dump")).resolves.toEqual([]);
  });

  it("takes no other message for the answer", async () => {
    const [vpp] = await opened(({ message }) =>
      message === "sw_interface_set_flags" ? [["sw_interface_set_mtu_reply", {}]] : undefined,
    );

    await expect(vpp.call("sw_interface_set_flags", {})).rejects.toThrow(
      "VPP answered sw_interface_set_flags with another message.",
    );
  });

  it("ends with its signal", async () => {
    const stop = new AbortController();
    const vpp = await openVpp(vppWire().host, { socket: "s" }, stop.signal);
    stop.abort();

    expect(vpp.ended.aborted).toBe(true);
    await expect(vpp.dump("ip_table_dump")).rejects.toMatchObject({ code: "VPP_UNREACHABLE" });
  });
});
