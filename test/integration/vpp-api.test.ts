/** The client of VPP's binary API against a real VPP: its own definitions, its refusals, what it would die of, its restart. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { freeHeap } from "../../reconcilers/vpp/api/cli.ts";
import { known } from "../../reconcilers/vpp/api/definitions.ts";
import { openVpp, type OpenOptions } from "../../reconcilers/vpp/api/open.ts";
import type { Vpp } from "../../reconcilers/vpp/api/vpp.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { type RealVpp, startVpp, whyNoVpp } from "../lab/real-vpp.ts";

const host = linuxHost({ seal: () => "", reveal: () => undefined });
const why = whyNoVpp();

describe.skipIf(why)(`the client of VPP's API, on a real one${why ? ` (${why})` : ""}`, () => {
  const signal = AbortSignal.timeout(170_000);
  let folder = "";
  let namespace: Namespace;
  let real: RealVpp;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "imp-vppapi-"));
    namespace = makeNamespace("vppapi");
    real = await startVpp({ folder, name: "core", namespace });
  });
  afterAll(async () => {
    await real.kill();
    namespace[Symbol.dispose]();
    await rm(folder, { recursive: true });
  });

  function open(options: Partial<OpenOptions> = {}): Promise<Vpp> {
    return openVpp(host, { socket: real.socket, ...options }, signal);
  }

  async function loopback(vpp: Vpp, instance: number): Promise<number> {
    const made = await vpp.call("create_loopback_instance", { is_specified: true, user_instance: instance });
    return made.sw_if_index;
  }

  it("is the same by our table and by what VPP says of its messages", async () => {
    const strange = [...known().message].map(([name, message]) => [name, { ...message, crc: "0badcafe" }] as const);
    // The module that tells the definitions does not tell its own.
    const bootstrap = /^(sockclnt_|get_api_json|api_versions|control_ping)/;
    const ours = [...known().message].filter(([name]) => bootstrap.test(name));
    const [one, other] = [await open(), await open({ known: { ...known(), message: new Map([...strange, ...ours]) } })];
    const requests = [...known().service.keys()] as Parameters<Vpp["has"]>[0][];

    expect(requests.filter((name) => one.has(name) !== other.has(name))).toEqual([]);
    await loopback(one, 0);
    expect(await other.dump("sw_interface_dump")).toEqual(await one.dump("sw_interface_dump"));
    expect(await other.dump("ip_table_dump")).toEqual(await one.dump("ip_table_dump"));
    one.close();
    other.close();
  });

  it("hears of interfaces, and says what VPP refuses", async () => {
    const heard: string[] = [];
    const vpp = await open({ event: (name) => heard.push(name) });
    await vpp.call("want_interface_events", { enable_disable: 1, pid: process.pid });
    const index = await loopback(vpp, 1);
    const again = vpp.call("create_loopback_instance", { is_specified: true, user_instance: 1 });

    await expect(again).rejects.toThrow("INVALID_REGISTRATION (-31), there is a loopback of this number");
    await expect(vpp.cli("no such command")).rejects.toMatchObject({ code: "VPP_REFUSED" });
    await vpp.call("delete_loopback", { sw_if_index: index });
    const until = Date.now() + 20_000;
    while (heard.length === 0 && Date.now() < until) await vpp.dump("ip_table_dump");
    expect(heard).toContain("sw_interface_event");
    vpp.close();
  });

  it("lives on after what it would have died of", async () => {
    const vpp = await open();
    const loop = await loopback(vpp, 2);
    const path = { sw_if_index: loop, weight: 1, proto: 0, nh: { address: { ip4: "10.0.0.2" } } };
    const policy = { policy_id: 1, acl_index: 0, paths: [path] };
    const attach = { policy_id: 1, sw_if_index: loop, priority: 1, is_ipv6: false };
    await vpp.call("sw_interface_add_del_address", { sw_if_index: loop, is_add: true, prefix: "10.0.0.1/24" });
    await vpp.call("acl_add_replace", { acl_index: 0xffffffff, tag: "x", r: [{ is_permit: 1 }] });
    await expect(vpp.call("abf_itf_attach_add_del", { is_add: true, attach })).rejects.toThrow(
      "there is no ABF policy",
    );
    await vpp.call("abf_policy_add_del", { is_add: true, policy });
    await vpp.call("abf_itf_attach_add_del", { is_add: true, attach });
    await expect(vpp.call("abf_policy_add_del", { is_add: true, policy })).rejects.toThrow("a path twice");
    await expect(vpp.call("abf_policy_add_del", { is_add: false, policy })).rejects.toThrow("still attached");
    await expect(vpp.call("delete_loopback", { sw_if_index: loop })).rejects.toThrow("has ABF policy 1 attached");
    const other = { ...attach, is_ipv6: true };
    await expect(vpp.call("abf_itf_attach_add_del", { is_add: false, attach: other })).rejects.toThrow("other family");
    await Promise.all([
      vpp.call("abf_itf_attach_add_del", { is_add: false, attach }),
      vpp.call("abf_policy_add_del", { is_add: false, policy }),
    ]);
    expect(await vpp.dump("abf_policy_dump")).toEqual([]);
    const map = { is_add: true, in_addr: "10.0.0.0", in_plen: 8, out_addr: "203.0.113.0", out_plen: 29 };
    await expect(vpp.call("det44_add_del_map", map)).rejects.toThrow("VPP would abort");
    expect(await freeHeap(vpp)).toBeGreaterThan(2 ** 20);
    await vpp.call("delete_loopback", { sw_if_index: loop });
    vpp.close();
  });

  it("ends what is under way when VPP is killed, and knows the next one for another", async () => {
    const vpp = await open();
    const before = vpp.incarnation;
    const under = Promise.allSettled(Array.from({ length: 50_000 }, () => vpp.dump("sw_interface_dump")));
    await real.kill();
    const reasons = (await under).flatMap((one) => (one.status === "rejected" ? [one.reason as { code: string }] : []));

    expect(new Set(reasons.map(({ code }) => code))).toEqual(new Set(["VPP_UNREACHABLE"]));
    expect(vpp.ended.aborted).toBe(true);
    await expect(open()).rejects.toMatchObject({ code: "VPP_UNREACHABLE", transient: true });
    real = await startVpp({ folder, name: "core", namespace });
    const next = await open();
    expect(next.incarnation).not.toBe(before);
    next.close();
  });
});
