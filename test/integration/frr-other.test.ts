import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { freshScratches } from "../../reconcilers/frr/scratches.ts";
import { planWhole } from "../../reconcilers/frr/whole.ts";
import { otherFrr, type OtherFrr, type RealFrr, startFrr, whyNoOtherFrr } from "../lab/frr.ts";
import { pairLab } from "../lab/frr-pairs.ts";
import { pairs } from "../lab/frr-routers.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { impctl } from "../unit/controller/cli/terminal.ts";

const missing = whyNoOtherFrr();
/** Every so many pairs, from the first: all of them with IMP_FRR_PAIRS=1. */
const every = Number(process.env["IMP_FRR_PAIRS"] ?? 20);
/** What FRR 10 does not do: it lets the default instance of BGP not go while one of a VRF is there. */
const unable = /Cannot delete default BGP instance/;
const scratch = "/run/imp-vfo-scratch";
const signal = new AbortController().signal;

describe.skipIf(missing !== undefined)(`an FRR with mgmtd (${missing ?? process.env["IMP_TEST_FRR_PREFIX"]})`, () => {
  const path = process.env["PATH"];
  let other: OtherFrr;
  let namespace: Namespace;
  let real: RealFrr;
  let lab: ReturnType<typeof pairLab>;

  beforeAll(async () => {
    other = otherFrr();
    process.env["PATH"] = `${other.bin}:${path}`;
    namespace = makeNamespace("vfo");
    real = await startFrr(namespace, undefined, other.programs);
    lab = pairLab(real.sockets, scratch, other.programs);
  });

  afterAll(async () => {
    process.env["PATH"] = path;
    await real?.[Symbol.asyncDispose]();
    namespace?.[Symbol.dispose]();
    other?.[Symbol.dispose]();
  });

  const tried = pairs().filter((_, index) => index % every === 0);

  it.each(tried)("ends right and says so: $name", async ({ from, to }) => {
    await lab.begin(from);
    const ended = { ...(await lab.apply(to)), differs: await lab.differs(to) };

    // Where it cannot be it says so, and is as before.
    const isUnable = unable.test(ended.why);
    const wanted = isUnable ? { said: false, why: ended.why } : { said: true, why: "" };
    expect({ ...ended, differs: isUnable ? await lab.differs(from) : ended.differs }).toEqual({
      ...wanted,
      differs: [],
    });
  });

  it("gives static routes BFD, changes it in place, and takes it back", async () => {
    const rest = "bfd\n profile fast\n exit\nexit\n";
    const routes = (...lines: readonly string[]) => `${rest}${lines.join("\n")}\n`;
    await lab.begin(routes("ip route 10.0.0.0/8 192.0.2.1 tag 5", "ip route 11.0.0.0/8 192.0.2.1 bfd"));
    for (const to of [
      routes("ip route 10.0.0.0/8 192.0.2.1 tag 5 200 bfd", "ip route 11.0.0.0/8 192.0.2.1 bfd profile fast"),
      routes("ip route 10.0.0.0/8 192.0.2.1 tag 6 200 bfd profile fast", "ip route 11.0.0.0/8 192.0.2.1"),
      `${rest}vrf blue\n ipv6 route 2001:db8::/32 2001:db8:1::1 nexthop-vrf default bfd\nexit-vrf\n`,
    ]) {
      expect({ ...(await lab.apply(to)), differs: await lab.differs(to) }).toEqual({
        said: true,
        why: "",
        differs: [],
      });
    }
  });

  it("asks a scratch FRR of its own version, and names a line that is not taken by its place", async () => {
    await lab.begin("");
    const host = linuxHost(passingSecrets());
    const instance = { sockets: real.sockets, scratches: freshScratches(scratch, host, other.programs) };
    const plan = (text: string) => planWhole({ name: "f", text }, instance, host, signal);
    const defaults = await plan("router bgp 64500\n timers bgp 60 180\n neighbor 192.0.2.1 remote-as 64496\nexit\n");

    expect(defaults.desired.config).not.toContain("timers");
    expect(defaults.notes.join(" ")).not.toContain("scratch");
    const bad = await plan(
      "ip prefix-list A seq 5 permit any\nip prefix-list A seq 10 permit 12.0.0.0/8 ge 30 le 25\n",
    );
    expect(bad.problems).toEqual([
      expect.objectContaining({ code: "FRR_REJECTED", at: expect.objectContaining({ file: "f", line: 2 }) }),
    ]);
    expect((await observeFrr(host, real.sockets, signal)).config).not.toContain("prefix-list");
  });

  it("is brought to a file by impctl frr", async () => {
    await lab.begin("");
    const folder = await mkdtemp(join(tmpdir(), "imp-vfo-"));
    try {
      await writeFile(
        join(folder, "new.conf"),
        `ip prefix-list OUT seq 5 permit 203.0.113.0/24
route-map OUT permit 10
 match ip address prefix-list OUT
exit
router bgp 64500
 no bgp default ipv4-unicast
 neighbor 192.0.2.1 remote-as 64496
 address-family ipv4 unicast
  neighbor 192.0.2.1 activate
  neighbor 192.0.2.1 route-map OUT out
 exit-address-family
exit
vrf blue
 ip route 10.0.0.0/8 192.0.2.1 tag 5
exit-vrf
`,
      );
      const run = (verb: string) =>
        impctl(folder, "frr", verb, "new.conf", "--pathspace", namespace.name, "--netns", namespace.name);
      expect(await run("diff")).toMatchObject({ exitCode: 2 });
      const applied = await run("apply");
      expect(applied).toMatchObject({ exitCode: 0 });
      expect(applied.out).toContain("reads back as the file says");
      expect(await run("diff")).toMatchObject({ exitCode: 0 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
