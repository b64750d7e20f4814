import { existsSync, readdirSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import type { FrrDesired, FrrObserved } from "../../reconcilers/frr/model.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { applyFrr } from "../../reconcilers/frr/apply.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { rehearsal } from "../../reconcilers/frr/rehearse.ts";
import { warmScratches } from "../../reconcilers/frr/scratches.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";

const missing = whyNoFrr();
const secrets = passingSecrets();
const host = linuxHost(secrets);
const signal = new AbortController().signal;
const folder = `/run/imp-vfh-scratch-${process.pid}`;

/** As a machine file with raw lines has it rendered: two of them are not as FRR prints them. */
const desired = (more = ""): FrrDesired => ({
  config: `ip prefix-list RAW seq 5 permit 10.1.2.3/8 le 24 ge 16
router bgp 64500
 neighbor 192.0.2.1 remote-as 64496
 timers bgp 60 180
 neighbor 192.0.2.1 password ${secrets.seal("sekrit")}
${more}exit
`,
});

describe.skipIf(missing !== undefined)(`what the agent wants of FRR, tried before (${missing ?? "8.4"})`, () => {
  let namespace: Namespace;
  let real: RealFrr;
  let rehearse: ReturnType<typeof rehearsal>;

  beforeAll(async () => {
    namespace = makeNamespace("vfh");
    real = await startFrr(namespace, ["zebra", "bgpd"]);
    rehearse = rehearsal((one) => warmScratches(folder, one));
  });

  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    namespace?.[Symbol.dispose]();
    await endScratches();
  });

  const observe = (): Promise<FrrObserved> => observeFrr(host, real.sockets, signal);

  /** An agent that starts anew ends what another left; here one of a process that does not run. */
  async function endScratches(): Promise<void> {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const pids = readdirSync(`${folder}/${name}`).filter((file) => file.endsWith(".pid"));
      for (const file of pids) {
        const pid = await host.readFile(`${folder}/${name}/${file}`);
        process.kill(Number(pid), "SIGKILL");
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }

  it("tells what FRR would reject, with its place, and the live one has not heard of it", async () => {
    const bad = desired(" neighbor 192.0.2.9 peer-group NOWHERE\n neighbor 192.0.2.1 ebgp-multihop 999\n");
    const { problems } = await rehearse(bad, await observe(), host, signal);

    expect(problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(
        /^FRR_REJECTED: .*does not know "neighbor 192.0.2.1 ebgp-multihop 999", in "router bgp 64500"/,
      ),
    ]);
    expect((await observe()).config).toBe("");
  });

  it("compares what FRR prints, so that what is written otherwise comes true and stays in sync", async () => {
    const before = await observe();
    const tried = await rehearse(desired(), before, host, signal);
    expect(tried.problems).toEqual([]);
    expect(tried.desired.config).toContain("ip prefix-list RAW seq 5 permit 10.0.0.0/8 ge 16 le 24\n");
    expect(tried.desired.config).not.toContain("timers");

    for await (const _ of applyFrr(planFrr(tried.desired, before, []).steps, host, real.sockets, signal));
    const after = await observe();
    expect(after.config).toContain(secrets.seal("sekrit"));
    const again = await rehearse(desired(), after, host, signal);
    expect(planFrr(again.desired, after, [tried.desired]).steps).toEqual([]);
  });

  it("keeps one scratch FRR, and shows it nothing a second time", async () => {
    const scratches = readdirSync(folder);
    expect(scratches).toHaveLength(1);
    const other = desired(" neighbor 192.0.2.1 description other\n");
    await rehearse(other, await observe(), host, signal);
    expect(readdirSync(folder)).toEqual(scratches);
    expect((await observeFrr(host, `${folder}/${scratches[0]}`, signal)).config).toBe("");

    await endScratches();
    expect((await rehearse(other, await observe(), host, signal)).problems).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it("says that nothing was tried where no scratch FRR runs", async () => {
    const none = rehearsal(() => ({ take: () => Promise.resolve({ why: "only root can start one" }) }));
    const tried = await none(desired(), { ...(await observe()), config: "" }, host, signal);
    expect(tried.desired).toEqual(desired());
    expect(tried.notes).toEqual([expect.stringMatching(/not tried before, because .*: only root can start one\.$/)]);
  });
});
