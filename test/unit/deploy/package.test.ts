/** What the package depends on, what it has in it, and what its scripts and manual pages are made of. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manPages } from "../../../deploy/man-pages.ts";
import { contents, nodeEnvironment, nodeFlags } from "../../../deploy/package/contents.ts";
import { control, enabledUnits, optional, packageVersion, required, script } from "../../../deploy/package/control.ts";
import { copyright } from "../../../deploy/package/copyright.ts";
import { commandNames } from "../../../controller/cli/program.ts";

const top = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(top, path), "utf8");
const has = (program: string) => spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
const dpkg = (...words: string[]) => spawnSync("dpkg-query", words, { encoding: "utf8" });
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].flatMap(([, found]) => found ?? []);

const scripts = ["failsafe/imp-failsafe", "failsafe/imp-rescue", "boot/imp-boot"].map((path) =>
  read(`deploy/${path}`).replaceAll(/^ *#.*$/gm, ""),
);
const needed = { ...required, ...optional };

describe("the program", () => {
  it("runs with the same flags and environment of Node as a command and as the agent", async () => {
    const found = await contents("1.0.0", 0, Buffer.from(""), () => "");
    const texts = found.flatMap((entry) =>
      "content" in entry && /^usr\/bin\/impctl$|imp-agent\.service$/.test(entry.path) ? [entry.content.toString()] : [],
    );
    const started = texts.map((text) => /\/usr\/lib\/imp\/node (.*) \/usr\/lib\/imp\/impctl\.cjs/.exec(text)?.[1]);
    expect(started).toEqual([nodeFlags.join(" "), nodeFlags.join(" ")]);
    for (const [name, value] of Object.entries(nodeEnvironment)) {
      for (const text of texts) expect(text).toMatch(new RegExp(`^(?:Environment=|export )${name}=${value}$`, "m"));
    }
  });
});

describe("what it depends on", () => {
  /** Every program of the scripts is called with a time limit, or looked for first. */
  const ofScripts = scripts.flatMap((text) => all(text, /\b(?:bounded \S+|have) ([a-z][a-z0-9-]*)/g));
  const ofUnits = readdirSync(join(top, "deploy/systemd"))
    .filter((name) => name.endsWith(".service"))
    .flatMap((name) => all(read(`deploy/systemd/${name}`), /^Exec\w+=-?\/usr\/bin\/(\S+)/gm));
  const ofAgent = readdirSync(join(top, "controller"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => all(read(`controller/${path}`), /(?:(?:argv|limited) = \[|run\(\s*\[|spawn\()"([a-z-]+)"/g));
  const [, tested = ""] = /for tool in ([^;]*);/.exec(scripts[0] ?? "") ?? [];
  const called = [...new Set([...tested.split(" "), ...ofScripts, ...ofUnits, ...ofAgent])].sort();
  const ofPackage = new Map(Object.entries(needed).flatMap(([name, programs]) => programs.map((one) => [one, name])));

  it("finds the calls that are known to be there", () => {
    expect(called).toEqual(
      expect.arrayContaining([
        "dig",
        "flock",
        "getent",
        "git",
        "kexec",
        "ping",
        "systemd-notify",
        "vpp",
        "vtysh",
        "zpool",
      ]),
    );
  });

  it("names no package from which nothing is called", () => {
    expect([...ofPackage.keys()].filter((program) => !called.includes(program))).toEqual([]);
  });

  it.skipIf(!has("dpkg-query"))("names the package of each program, unless every Debian has it (needs dpkg)", () => {
    const { stdout: found } = dpkg("-S", ...called.map((program) => `*bin/${program}`));
    const owners = new Map(
      [...found.matchAll(/^([a-z0-9.+-]+)(?::\w+)?: (?:\/usr)?\/s?bin\/(\S+)$/gm)].map(([, owner, name]) => [
        name,
        owner,
      ]),
    );
    const essential = all(dpkg("-W", "-f", "${Essential} ${Package}\n").stdout, /^yes (\S+)$/gm);
    const missing = called.filter((program) => {
      const owner = owners.get(program);
      return owner === undefined
        ? !ofPackage.has(program)
        : owner !== ofPackage.get(program) && !essential.includes(owner);
    });
    expect(missing).toEqual([]);
    // What the failsafe will not go without is not only recommended.
    const optionally = new Set(Object.values(optional).flat());
    expect(tested.split(" ").filter((program) => optionally.has(program))).toEqual([]);
  });

  it("asks for all that is required, and only recommends or suggests the rest", () => {
    const lines = control("1", 1).split("\n");
    const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.split(/[:,] /) ?? [];
    expect(field("Depends")).toEqual(expect.arrayContaining(Object.keys(required)));
    expect([...field("Recommends"), ...field("Suggests")]).toEqual(expect.arrayContaining(Object.keys(optional)));
  });
});

describe("what is in it", async () => {
  const entries = await contents("1", 0, Buffer.from(""), () => "");
  const paths = entries.map(({ path }) => path);

  it("has each page that a unit or a manual page names", () => {
    const units = entries.flatMap((entry) =>
      "content" in entry && entry.path.endsWith(".service") ? [String(entry.content)] : [],
    );
    const named = units.flatMap((text) => all(text, /^Documentation=file:\/(\S+)/gm));
    expect(named.length).toBe(units.length);
    expect(named.filter((path) => !paths.includes(path))).toEqual([]);
  });

  it("has every program that a unit starts from its own folder", () => {
    const units = entries.flatMap((entry) =>
      "content" in entry && entry.path.endsWith(".service") ? [String(entry.content)] : [],
    );
    const started = units.flatMap((text) => all(text, /[= ]\/(usr\/lib\/imp\/\S+)/g));
    expect(started).toContain("usr/lib/imp/impctl.cjs");
    expect(started.filter((path) => !paths.includes(path))).toEqual([]);
  });

  it("lays nothing into /var and /persistent, into /etc only what overrides FRR's own unit, and nothing twice", () => {
    expect(paths.filter((path) => !path.startsWith("usr/"))).toEqual(["etc/systemd/system/frr.service"]);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it("has each unit that the preset enables, of those that are ours", () => {
    expect(enabledUnits()).toContain("imp-agent.service");
    expect(enabledUnits().filter((unit) => !paths.includes(`usr/lib/systemd/system/${unit}`))).toEqual([]);
  });

  it("tells the licence of every package in the bundle", () => {
    const text = copyright();
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    for (const [name, version] of Object.entries(dependencies)) expect(text).toContain(`\n--- ${name} ${version} (`);
    expect(text).not.toContain("undefined");
  });
});

describe("its scripts and pages", () => {
  it.skipIf(!has("shellcheck")).each(["postinst", "prerm", "postrm"] as const)(
    "%s is clean (needs shellcheck)",
    (name) => {
      expect(script(name)).not.toContain("@");
      expect(spawnSync("shellcheck", ["-s", "sh", "-"], { input: script(name), encoding: "utf8" }).stdout).toBe("");
    },
  );

  it("counts a later commit as a newer version", () => {
    expect(packageVersion(1795424801)).toMatch(/^\d+\.\d+\.\d+\+20261123090641$/);
    expect(packageVersion(1795424802) > packageVersion(1795424801)).toBe(true);
  });

  it("has every command in the manual, as the program says it", async () => {
    const page = (await manPages("1", "2026-11-23")).get("impctl") ?? "";
    for (const name of commandNames) expect(page).toContain(`.SH "impctl ${name.replaceAll("-", "\\-")}"`);
  });

  it.skipIf(!has("groff"))("has manual pages in which groff finds nothing wrong (needs groff)", async () => {
    for (const [name, text] of await manPages("1", "2026-11-23")) {
      const { stdout, stderr } = spawnSync("groff", ["-man", "-Kutf8", "-Tutf8", "-ww"], {
        input: text,
        encoding: "utf8",
      });
      expect([name, stderr]).toEqual([name, ""]);
      expect(stdout).toContain("/usr/share/doc/imp/");
    }
  });
});
