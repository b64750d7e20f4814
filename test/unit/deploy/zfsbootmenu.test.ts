import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shells } from "../../lab/failsafe-box.ts";
import { addEnvironment, bootPool, must } from "../../lab/zfs/boot-pool.ts";
import type { SimPool } from "../../lab/zfs/datasets.ts";
import { makeLoaderBox, type LoaderBox } from "../../lab/zfs/loader-box.ts";

const lint = spawnSync("shellcheck", ["--version"]).status === 0 ? undefined : "needs shellcheck";
it.skipIf(lint !== undefined)(`imp-trial is clean (${lint ?? "shellcheck is here"})`, () => {
  const { stdout } = spawnSync("shellcheck", ["-s", "sh", "deploy/zfsbootmenu/imp-trial"], { encoding: "utf8" });
  expect(stdout).toBe("");
});

const args = `ro panic=10 imp.trial=${"d".repeat(64)} imp.deadline=1200`;

/** `a` is committed and boots next, `b` is on trial. */
function pending(tries = "2"): SimPool {
  const pool = bootPool(["a"]);
  addEnvironment(pool, "b");
  const set = (name: string, value: string) => pool.datasets.get("tank/ROOT")?.properties.set(`imp:${name}`, value);
  set("trial", pool.datasets.get("tank/ROOT/b")?.guid ?? "");
  set("trial-tries", tries);
  set("trial-kernel", "vmlinuz-6.1");
  set("trial-initrd", "initrd.img-6.1");
  set("trial-args", args);
  return pool;
}

function property(pool: SimPool, name: string): string | undefined {
  return pool.datasets.get("tank/ROOT")?.properties.get(`imp:${name}`);
}

const curl = existsSync("/usr/bin/curl") ? undefined : "needs curl";

describe.each(shells)("imp-trial in zfsbootmenu under $title", (shell) => {
  const why = shell.missing ? shell.title : curl;
  const box = async (pool: SimPool): Promise<LoaderBox> => makeLoaderBox(shell, pool);

  it.skipIf(why)(`enters what is on trial, and has paid a try before (${why ?? "curl is here"})`, async () => {
    const pool = pending();
    await using loader = await box(pool);
    expect(await loader.boot()).toBe("imp-trial: tank/ROOT/b is tried; tries left: 1.\n");
    expect(loader.entered()).toBe(`tank/ROOT/b: root=zfs:tank/ROOT/b ${args}`);
    expect([pool.bootfs, property(pool, "trial-tries"), loader.imported()]).toEqual(["tank/ROOT/a", "1", "no"]);
    const paid = loader.calls.indexOf("zfs set imp:trial-tries=1 tank/ROOT");
    expect(paid).toBeGreaterThan(0);
    expect(paid).toBeLessThan(loader.calls.findIndex((call) => call.startsWith("kexec")));
    expect(loader.calls.at(-1)).toBe("kexec -e");
  });

  it.skipIf(why)("lets what is committed boot once the tries are used up", async () => {
    const pool = pending();
    await using loader = await box(pool);
    await loader.boot();
    await loader.boot();
    expect(loader.entered()).toMatch(/^tank\/ROOT\/b/);
    expect(await loader.boot()).toBe("imp-trial: What was to be tried has no try left: what is committed boots.\n");
    expect(loader.entered()).toBeUndefined();
    expect(pool.bootfs).toBe("tank/ROOT/a");
  });

  it.skipIf(why)("writes nothing and leaves the pool to be read where nothing is on trial", async () => {
    await using loader = await box(bootPool(["a", "b"]));
    expect(await loader.boot()).toBe("imp-trial: Nothing is to be tried.\n");
    expect(loader.imported()).toBe("to read");
    expect(loader.calls.filter((call) => /^(zfs set|zpool export|kexec)/.test(call))).toEqual([]);
  });

  it.skipIf(why).each([
    ["a GUID that nobody has", (pool: SimPool) => set(pool, "trial", "4711"), /is not there any more/],
    ["a GUID that is none", (pool: SimPool) => set(pool, "trial", "b"), /is damaged/],
    ["more tries than anybody gives", (pool: SimPool) => set(pool, "trial-tries", "99"), /is damaged/],
    ["a kernel out of /boot", (pool: SimPool) => set(pool, "trial-kernel", "../a/vmlinuz"), /is damaged/],
    ["no deadline", (pool: SimPool) => set(pool, "trial-args", `ro imp.trial=${"d".repeat(64)}`), /is damaged/],
    ["another root", (pool: SimPool) => set(pool, "trial-args", `${args} root=zfs:tank/ROOT/a`), /is damaged/],
    ["a kernel that is not there", (pool: SimPool) => set(pool, "trial-kernel", "vmlinuz-7"), /cannot be loaded/],
    ["a pool that lacks a disk", (pool: SimPool) => void (pool.health = "DEGRADED"), /is not ONLINE/],
    [
      "nothing to come back to",
      (pool: SimPool) => void (pool.bootfs = undefined),
      /nothing that a trial could come back to/,
    ],
    ["what boots anyway", (pool: SimPool) => void (pool.bootfs = "tank/ROOT/b"), /boots anyway/],
    [
      "a record that is only inherited",
      (pool: SimPool) => {
        for (const [key, value] of pool.datasets.get("tank/ROOT")?.properties ?? []) {
          if (key.startsWith("imp:")) pool.datasets.get("tank")?.properties.set(key, value);
        }
        for (const key of ["trial", "trial-tries"]) pool.datasets.get("tank/ROOT")?.properties.delete(`imp:${key}`);
      },
      /Nothing is to be tried/,
    ],
  ])("lets what is committed boot with %s", async (_, spoil, says) => {
    const pool = pending();
    const { bootfs } = pool;
    spoil(pool);
    const chosen = pool.bootfs;
    await using loader = await box(pool);
    expect(await loader.boot()).toMatch(says);
    expect(loader.entered()).toBeUndefined();
    expect(pool.bootfs).toBe(chosen);
    expect(bootfs).toBe("tank/ROOT/a");
  });

  it.skipIf(why)("lets what is committed boot whatever program fails", async () => {
    const pool = pending("9");
    await using loader = await box(pool);
    await loader.boot();
    const calls = [...new Set(loader.calls.map((call) => call.split(" ").slice(0, 2).join(" ")))];
    expect(calls.length).toBeGreaterThan(8);
    for (const call of calls.filter((one) => !one.startsWith("umount"))) {
      set(pool, "trial-tries", "2");
      loader.fails = call;
      const text = await loader.boot();
      expect([call, loader.entered()]).toEqual([call, undefined]);
      expect(text).toMatch(/^imp-trial: /m);
      expect(pool.bootfs).toBe("tank/ROOT/a");
    }
  });

  it.skipIf(why)(
    "starts a watchdog only where zfsbootmenu's command line says so, and takes its pool from there",
    async () => {
      const pool = pending();
      await using loader = await box(pool);
      await loader.boot();
      expect(loader.watchdogStarted()).toBe(false);
      loader.cmdline = "ro zbm.prefer=tank! imp.watchdog";
      await loader.boot();
      expect(loader.watchdogStarted()).toBe(true);
      loader.cmdline = "ro zbm.prefer=other";
      loader.fails = "zpool import";
      expect(await loader.boot()).toBe("imp-trial: other cannot be imported yet: nothing is tried.\n");
    },
  );
});

const [dash] = shells;
const missing = dash === undefined || dash.missing ? "needs dash" : curl;
it.skipIf(missing)(
  `imp-trial has paid for what it enters, wherever the power goes (${missing ?? "dash is here"})`,
  async () => {
    if (!dash) return;
    await using first = await makeLoaderBox(dash, pending());
    await first.boot();
    for (const when of ["before", "after"] as const) {
      for (let call = 1; call <= first.calls.length; call += 1) {
        const pool = pending();
        await using loader = await makeLoaderBox(dash, pool);
        loader.cutAt = { call, when };
        await loader.boot();
        const entered = Number(loader.entered() !== undefined);
        const paid = 2 - Number(property(pool, "trial-tries"));
        expect([call, when, paid >= entered && paid <= 1, pool.bootfs]).toEqual([call, when, true, "tank/ROOT/a"]);
      }
    }
  },
);

function set(pool: SimPool, name: string, value: string): void {
  must(pool, "zfs set imp:trial-touched=1 tank/ROOT");
  pool.datasets.get("tank/ROOT")?.properties.set(`imp:${name}`, value);
}
