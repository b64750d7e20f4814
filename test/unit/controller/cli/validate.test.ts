import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { githubAnnotation } from "../../../../controller/cli/problem-text.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { impctl } from "./terminal.ts";

const example = join(import.meta.dirname, "../../../../sites");

describe("impctl validate", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "impctl-validate-"));
    await cp(example, join(folder, "sites"), { recursive: true });
  });
  afterEach(async () => rm(folder, { recursive: true }));

  /** Replaces one piece of a file of the copy. */
  async function edit(file: string, from: string | RegExp, to: string): Promise<void> {
    const path = join(folder, "sites", file);
    const text = await readFile(path, "utf8");
    const edited = text.replace(from, to);
    expect(edited).not.toBe(text);
    await writeFile(path, edited);
  }

  it("finds the example repository valid, from its parent and from inside", async () => {
    expect(await impctl(folder, "validate")).toEqual({
      exitCode: 0,
      out: "",
      err: "3 appliances valid, no problems\n",
    });
    expect((await impctl(join(folder, "sites"), "validate", ".")).exitCode).toBe(0);
  });

  it("shows every problem at once as file:line:column, and where each is as seen from here", async () => {
    await edit("fleet.yaml", /$/, "\nfrobnicate: 1\n");
    await edit("ber1/r1.yaml", /$/, "\nhostname: Not A Name\n");

    const ran = await impctl(folder, "validate");

    expect(ran.exitCode).toBe(1);
    expect(ran.out).toMatch(/^sites\/fleet\.yaml:\d+:1: frobnicate: unknown key/m);
    expect(ran.out).toMatch(/^sites\/ber1\/r1\.yaml:\d+:\d+: hostname: /m);
    expect(ran.err).toMatch(/3 appliances checked: 2 errors in 2 files/);
  });

  it("writes the same as JSON and as annotations", async () => {
    await edit("ber1/r1.yaml", /$/, "\nhostname: Not A Name\n");

    const json = await impctl(folder, "validate", "--json");
    const github = await impctl(folder, "validate", "--format", "github");

    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      valid: false,
      problems: [{ code: "SCHEMA", file: "sites/ber1/r1.yaml", path: "hostname" }],
    });
    expect(github.out).toMatch(/^::error file=sites\/ber1\/r1\.yaml,line=\d+,col=\d+,title=SCHEMA::hostname: /);
  });

  it("looks at one appliance alone when it is asked to", async () => {
    await edit("ber1/r1.yaml", /$/, "\nhostname: Not A Name\n");

    expect((await impctl(folder, "validate", "--machine", "fra1/r2")).exitCode).toBe(0);
    expect((await impctl(folder, "validate", "--machine", "ber1/r1")).exitCode).toBe(1);
  });

  it("names an appliance that does not exist", async () => {
    const ran = await impctl(folder, "validate", "--machine", "fra1/r9");

    expect(ran.exitCode).toBe(1);
    expect(ran.out).toContain("fra1/r9");
  });

  it("refuses a link out of the tree", async () => {
    await symlink("/etc/passwd", join(folder, "sites/ber1/r2.yaml"));

    const ran = await impctl(folder, "validate");

    expect(ran.exitCode).toBe(1);
    expect(ran.out).toContain("sites/ber1/r2.yaml:1:1: this is a symbolic link");
    expect(ran.out).not.toContain("root:");
  });

  it("writes nothing that a terminal or a runner acts on, whatever files are called", async () => {
    await writeFile(join(folder, "sites/fra1/\n::stop-commands::tok\u001B[31m.yaml"), "x: 1\n");

    for (const format of ["text", "github", "json"]) {
      const { exitCode, out } = await impctl(folder, "validate", "--format", format);

      expect(exitCode).toBe(1);
      expect(out).not.toMatch(/^::stop-commands/m);
      expect(out).not.toContain("\u001B");
    }
  });

  it("says what is missing where there is no sites repository", async () => {
    const ran = await impctl(join(folder, "sites/fra1"), "validate");

    expect(ran.exitCode).toBe(64);
    expect(ran.err).toContain("fleet.yaml");
  });
});

describe("an annotation", () => {
  it("cannot be ended or extended by what stands in a file", () => {
    const problem = new Problem("SCHEMA", "bad\n::error file=x::y % 100%", {
      at: { file: "a,b:c.yaml", line: 1, column: 2 },
      remedy: "Fix\rit.",
    });

    expect(githubAnnotation(problem)).toBe(
      "::error file=a%2Cb%3Ac.yaml,line=1,col=2,title=SCHEMA::bad\\u{a}::error file=x::y %25 100%25. Fix\\u{d}it.",
    );
  });
});

describe("impctl explain", () => {
  it("shows where a value comes from and what it overrides", async () => {
    const folder = await mkdtemp(join(tmpdir(), "impctl-explain-"));
    try {
      await writeFile(join(folder, "fleet.yaml"), "defaults: 1\npolicy:\n  soak-seconds: 20\n");
      await cp(join(example, "ber1"), join(folder, "ber1"), { recursive: true });
      await writeFile(join(folder, "ber1/r9.yaml"), "policy:\n  soak-seconds: 50\n");

      const text = await impctl(folder, "explain", "ber1/r9", "policy.soak-seconds");
      const json = await impctl(folder, "explain", "ber1/r9", "policy.soak-seconds", "--json");
      const built = await impctl(folder, "explain", "ber1/r9", "policy.grace-seconds");
      const wrong = await impctl(folder, "explain", "ber1/r9", "policy.soak");

      expect(text.out.split("\n")).toEqual([
        "policy.soak-seconds = 50",
        "  from      ber1/r9.yaml:2:17 (appliance) 50",
        "  overrides fleet.yaml:3:17 (fleet) 20",
        "",
      ]);
      expect(JSON.parse(json.out)).toMatchObject({ value: 50, origins: [{ line: 2 }, { layer: "fleet", value: 20 }] });
      expect(built.out).toContain("a built-in default");
      expect(wrong).toMatchObject({ exitCode: 64 });
      expect(wrong.err).toContain("soak-seconds");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("impctl explain of a peer of a kind", () => {
  const asked = async (path: string, ...more: readonly string[]) =>
    impctl(join(example, ".."), "explain", "fra1/r1", `routing.bgp.peers.transit-a${path}`, ...more);

  it("says what is refused from it, and why, under its name, its kind and each rule", async () => {
    const whole = (await asked("")).out.split("\n").filter((line) => line.startsWith("  hygiene "));
    expect(whole).toContain("  hygiene bogon-prefixes: on. Prefixes that are not routed on the internet (RFC 6890).");
    expect(whole.length).toBeGreaterThan(5);
    expect((await asked(".kind")).out).toContain(whole.join("\n"));
    const rule = (await asked(".hygiene.bogon-asns")).out.split("\n").filter((line) => line.startsWith("  hygiene "));
    expect(rule).toEqual(whole.filter((line) => line.startsWith("  hygiene bogon-asns: on. ")));
    expect((await asked(".remote-as")).out).not.toContain("hygiene");
    expect(JSON.parse((await asked("", "--json")).out)).toMatchObject({ hygiene: whole.map((line) => line.trim()) });
  });
});

describe("completion", () => {
  it("offers commands, options, choices and the appliances of the repository", async () => {
    const complete = async (...words: readonly string[]) =>
      (await impctl(join(example, ".."), "__complete", "--", ...words)).out.split("\n").filter(Boolean);

    expect(await complete("val")).toEqual(["validate"]);
    expect(await complete("validate", "--fo")).toEqual(["--format"]);
    expect(await complete("validate", "--format", "g")).toEqual(["github"]);
    expect(await complete("explain", "fra1/")).toEqual(["fra1/r1", "fra1/r2"]);
    expect(await complete("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(await complete("validate", "sit")).toEqual([]);
  });
});
