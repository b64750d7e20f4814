import { describe, expect, it } from "vitest";
import { sizes } from "../../controller/evidence/bundle.ts";
import { keptBundles } from "../../controller/evidence/shelf.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import type { StartOptions } from "../lab/host.ts";
import { generation, sealedHere, story, type Story, type StoryOptions } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"]);
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);
const top = "/persistent/config/imp/evidence";

/** A box on which `base` is committed, with its session up. */
async function committed(options: StoryOptions = {}, start: StartOptions = {}): Promise<Story> {
  const s = story(options);
  s.answering.add("192.0.2.1");
  s.push("one", base);
  s.start(start);
  await s.rest();
  return s;
}

function text(s: Story, path: string): string {
  const node = s.sim.files.get(path);
  return node && "text" in node ? node.text : "";
}

/** The files of the evidence by name; of all bundles where none is named. */
function files(s: Story, deployment = ""): Record<string, string> {
  const home = deployment === "" ? `${top}/` : `${top}/${deployment}/`;
  const found = [...s.sim.files.keys()].filter((path) => path.startsWith(home));
  return Object.fromEntries(found.map((path) => [path.slice(home.length), text(s, path)]));
}

function last(s: Story): string {
  return s.status().lastDeployment?.id ?? "";
}

describe("the evidence of a failed deployment", () => {
  it("has what was planned, what was seen, what the agent said and how it ended, for root alone", async () => {
    const s = await committed({ logged: () => ["12:00:00 will plane=frr step=add shutdown 192.0.2.1"] });
    s.push("two", worse);
    await s.rest();

    const kept = files(s, last(s));
    expect(kept).toMatchObject({
      "plan.txt": "frr session-reset add shutdown 192.0.2.1\n",
      "before.txt": "# frr\nrouter bgp 64500\nneighbor 192.0.2.1\n",
      "failed.txt": "# frr\nrouter bgp 64500\nneighbor 192.0.2.1\nshutdown 192.0.2.1\n",
      "after.txt": "# frr\nrouter bgp 64500\nneighbor 192.0.2.1\n",
      "log.txt": "12:00:00 will plane=frr step=add shutdown 192.0.2.1\n",
    });
    expect(kept["story.txt"]).toMatch(/^failed +health at .*192\.0\.2\.1 not Established/m);
    expect(JSON.parse(kept["status.json"] ?? "")).toMatchObject({
      state: "held",
      committed: { generation: base.digest },
    });
    expect(
      [...s.sim.files].filter(([path]) => path.startsWith(top)).map(([, node]) => "mode" in node && node.mode),
    ).toEqual(Array.from({ length: 9 }, () => 0o600));
    expect(s.status().evidence).toBe(1);
  });

  it("is not kept of a good one", async () => {
    const s = await committed();
    s.push("two", better);
    await s.rest();

    expect(files(s)).toEqual({});
    expect(s.status().evidence).toBe(0);
  });

  it("is kept with what the journal knows when the agent died in the middle", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.kill();
    s.start();
    await s.rest();

    const kept = files(s, last(s));
    expect(kept["plan.txt"]).toBe("add ip route 198.51.100.0/24\n");
    expect(kept["story.txt"]).toMatch(/^failed +crash at .*stopped while proving/m);
    expect(kept["failed.txt"]).toContain("ip route 198.51.100.0/24");
    expect(kept["after.txt"]).not.toContain("ip route 198.51.100.0/24");
  });

  it("is kept at the next start when the agent died before it was written, or in the middle of that", async () => {
    const whole = await committed();
    whole.push("two", worse);
    await whole.rest();
    const begun = whole.sim.effects().findIndex((one) => one.includes("/evidence/"));
    const over = whole.sim.effects().findLastIndex((one) => one.includes("/story.txt"));
    expect(over - begun).toBeGreaterThan(20);

    for (const killAt of [begun + 1, begun + 2, begun + 9, over - 2]) {
      const s = await committed({}, { killAt });
      s.push("two", worse);
      await s.rest();
      expect(s.sim.isKilled()).toBe(true);
      expect(Object.keys(files(s)).filter((path) => path.endsWith("story.txt"))).toEqual([]);

      s.start();
      await s.rest();
      const kept = files(s, last(s));
      expect(kept["story.txt"]).toMatch(/^outcome +rolled back, verdict bad/m);
      expect(kept["plan.txt"]).toMatch(/add shutdown 192\.0\.2\.1\n$/);
    }
  });

  it("is kept of the newest ones only, whatever the clock says", async () => {
    const s = await committed();
    const ids: string[] = [];
    for (let n = 0; n < keptBundles + 3; n++) {
      // A clock that was wrong for a while: ids begin with it.
      if (n === 5) s.sim.setWallClock(Date.UTC(2036, 0, 1));
      if (n === 6) s.sim.setWallClock(Date.UTC(2026, 0, 7));
      s.push(`bad ${n}`, generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1", `! ${n}`]));
      await s.rest();
      ids.push(last(s));
    }

    const kept = new Set(Object.keys(files(s)).map((path) => path.split("/")[0]));
    kept.delete("order.json");
    expect(kept).toEqual(new Set(ids.slice(-keptBundles)));
    expect(s.status().evidence).toBe(keptBundles);
  });

  it("is never larger than 2 MB, and says what it leaves out", async () => {
    const many = Array.from({ length: 60_000 }, (_, n) => `ip route 10.${n >> 8}.${n & 255}.0/24`);
    const s = await committed({ logged: () => many });
    for (const line of many) s.plane.live.add(line);
    s.push("two", worse);
    await s.rest();

    const kept = files(s, last(s));
    const bytes = Object.values(kept).map((one) => Buffer.byteLength(one));
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(2_000_000);
    expect(kept["before.txt"]).toMatch(
      /^# frr\n[^]*\n… \d+ of \d+ bytes are left out here …\n[^]*10\.234\.95\.0\/24\n$/,
    );
    expect(Object.values<number>(sizes).reduce((sum, size) => sum + size)).toBeLessThanOrEqual(2_000_000);
  });
});

describe("the evidence of a deployment that nobody could take back", () => {
  it("is kept when that is given up, and again when it is over after all", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.plane.refuse = () => new Problem("FRR_REJECTED", "bgpd takes nothing, not even password hunter2");
    s.failsafe.failing.add("frr");
    s.sim.answer(([program]) => (program === "systemctl" ? { exitCode: 1, stdout: "", stderr: "" } : undefined));
    await s.sim.until(() => s.status().state === "stranded", "stranded");
    const id = s.status().deployment?.id ?? "";
    await s.sim.pass(1000);

    expect(files(s, id)["story.txt"]).toMatch(/^outcome +stranded: going back did not succeed/m);
    expect(files(s, id)["story.txt"]).toMatch(/Given up: .*password <masked>/);
    expect(files(s, id)["failed.txt"]).toContain("shutdown 192.0.2.1");

    s.plane.refuse = () => undefined;
    await ask(s.agent(), "rollback", { reason: "bgpd is repaired" });
    await s.rest();
    expect(files(s, id)["story.txt"]).toMatch(/^outcome +rolled back/m);
    expect(files(s, id)["after.txt"]).not.toContain("shutdown 192.0.2.1");
    expect(s.status().evidence).toBe(1);
  });
});

describe("a disk that takes no evidence", () => {
  it("when it is full keeps nobody from going back or from the next commit, and somebody is told", async () => {
    const s = await committed();
    const full = new Problem("HOST_FILE", "no space left on device");
    s.sim.fail("write", "/evidence/", full, 1000);
    const told = new Set<string>();
    s.push("two", worse);
    await s.sim.until(() => {
      for (const { message } of s.status().problems) told.add(message);
      return s.status().state === "held" && told.size > 0;
    }, "held, and told");

    expect([...told].join()).toContain("evidence of a deployment could not be kept: no space left on device");
    expect(s.plane.live.has("shutdown 192.0.2.1")).toBe(false);
    s.push("three", better);
    await s.rest();
    expect(s.status()).toMatchObject({ inSync: true, committed: { generation: better.digest } });
  });

  it("when it hangs for ever keeps nobody from anything", async () => {
    const s = await committed();
    s.sim.stall("write", "/evidence/");
    s.push("two", worse);
    await s.rest();
    expect(s.status()).toMatchObject({ state: "held", lastDeployment: { outcome: "rolled-back" } });

    s.push("three", better);
    await s.rest();
    s.push("four", worse);
    await s.rest();
    expect(s.status()).toMatchObject({ state: "held", committed: { generation: better.digest } });
    expect(files(s)).toEqual({});
  });
});

describe("secrets", () => {
  it("stand nowhere in the evidence, the journal, the status or the answers, wherever they came from", async () => {
    const secrets = ["resolved-secret", 'quoted "secret" \\ one', "found-on-the-box"];
    const [resolved = "", quoted = "", found = ""] = secrets;
    const said = `neighbor 192.0.2.1 password ${resolved}; key ${quoted}; https://imp:${resolved}@git.example.net/`;
    const s = await committed({ logged: () => [`01 ${said}`, `02 ${JSON.stringify({ said })}`] });
    s.secrets.set(sealedHere(resolved), resolved).set(sealedHere(quoted), quoted).set(sealedHere(found), found);
    s.plane.live.add(`description ${found}`);
    s.push("two", generation(["router bgp 64500", `neighbor 192.0.2.1`, `password ${sealedHere(resolved)}`, "bad"]));
    s.plane.refuse = (line) => (line === "bad" ? new Problem("FRR_REJECTED", `bgpd says no: ${said}`) : undefined);
    s.outage = undefined;
    await s.rest();
    expect(s.status().lastDeployment).toMatchObject({ outcome: "rolled-back", trigger: "apply" });
    s.outage = new Problem("GIT_UNREACHABLE", `no route: ${said}`, { transient: true });
    await ask(s.agent(), "retry", { reason: `because ${said}` });
    await s.sim.pass(60_000);

    const state = Object.fromEntries(
      [...s.sim.files].filter(([path]) => /\/(evidence|journal)\//.test(path)).map(([path]) => [path, text(s, path)]),
    );
    expect(Object.keys(state).filter((path) => path.includes("/evidence/")).length).toBeGreaterThan(6);
    const heard = {
      ...state,
      status: s.status(),
      history: await ask(s.agent(), "history"),
      show: await ask(s.agent(), "show"),
    };
    for (const [where, what] of Object.entries(heard)) {
      const words = typeof what === "string" ? what : JSON.stringify(what);
      for (const secret of secrets)
        for (const form of [secret, JSON.stringify(secret).slice(1, -1)])
          expect(words.includes(form), `${form} in ${where}`).toBe(false);
    }
    expect(JSON.stringify(heard)).toContain("bgpd says no: neighbor 192.0.2.1 password <masked>");
  });
});
