import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { benchOf } from "../../../../controller/cli/image-command.ts";
import { run } from "../../../../controller/cli/program.ts";
import { makeImageRoot, makeSigner, signManifest, streamFile } from "../../../lab/image.ts";
import { impctl, silentTerminal } from "./terminal.ts";

const hasKeygen = spawnSync("ssh-keygen", ["-?"]).error === undefined;
const guid = "12345678901234567890";

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "imp-image-"));
  mkdirSync(join(top, "root"));
  makeImageRoot(join(top, "root"));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const about = ["--name", "v2", "--image-version", "2.0.0", "--epoch", "4", "--source", "9fceb02", "--root", "root"];
const manifest = (...more: readonly string[]) => impctl(top, "image", "manifest", ...about, ...more);

describe("impctl image manifest", () => {
  it("describes streams, and reads the programs in the root", async () => {
    streamFile(join(top, "v2.zfs.zst"), { snapshot: guid }, 5_000_000);
    streamFile(join(top, "v2.delta.zst"), { snapshot: guid, base: "77" }, 1000);
    const made = await manifest("v2.zfs.zst", "v2.delta.zst", "--hardware", "x86-64");
    expect(made.err).not.toContain("problem");
    expect(made.exitCode).toBe(0);
    const shown = await impctl(top, "image", "inspect", "v2.json");
    expect(shown.out.replaceAll(/sha256:\w+|\d{4}-\S+Z|\d\.\d [MK]iB/g, "…")).toBe(`\
image      v2, version 2.0.0, epoch 4
built      … from 9fceb02
has        kernel 6.1.0-56-amd64, vpp 25.06, frr 8.4.4, zfs 2.3.2, agent 0.2.0+20270110093000
packages   …
for        x86-64
journal    format 2 or newer
snapshot   ${guid}
whole      v2.zfs.zst, … in 2 chunks
on top of  77: v2.delta.zst, … in 1 chunks
digest     …
signature  not signed
`);
  });

  it("shows what came of trying the image", async () => {
    streamFile(join(top, "s"), { snapshot: guid }, 10);
    await manifest("s");
    const path = join(top, "v2.json");
    const trial = {
      at: "2027-01-10T09:30:00Z",
      checks: [
        { check: "boots", result: "passed" },
        { check: "bgp-session", result: "failed", why: "Active" },
        { check: "nat", result: "not-tested" },
      ],
    };
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), trial }));

    const { out } = await impctl(top, "image", "inspect", "v2.json");

    expect(out).toContain("\ntried      2027-01-10T09:30:00Z: 1 passed; failed: bgp-session; not tested: nat\n");
  });

  it("says what is wrong with a stream, and writes nothing", async () => {
    writeFileSync(join(top, "text"), "text");
    streamFile(join(top, "package"), { snapshot: guid, kind: 2n }, 10);
    const text = await manifest("text");
    expect(text.err).toContain("text is not compressed by zstd, or broken. Make it with `zfs send SNAPSHOT | zstd`.");
    const several = await manifest("package");
    expect(several.err).toContain("holds several snapshots, or properties. Send one snapshot, without -R and -p.");
    expect((await manifest("absent")).err).toContain("There is no stream");
    expect((await manifest()).exitCode).toBe(64);
    expect(() => readFileSync(join(top, "v2.json"))).toThrow("ENOENT");
  });

  it("says in a line that it was interrupted, whatever it was reading", async () => {
    streamFile(join(top, "s"), { snapshot: guid }, 10);
    let err = "";
    const signal = AbortSignal.abort(new Error("SIGTERM"));
    const terminal = { ...silentTerminal(top), signal, err: (text: string) => void (err += text) };
    expect(await run(["image", "manifest", ...about, "s"], terminal)).toBe(1);
    expect(err).toBe("impctl: interrupted.");
  });

  it("says which of the options is wrong", async () => {
    streamFile(join(top, "s"), { snapshot: guid }, 10);
    const wrong = await manifest("s", "--hardware", "Big Box");
    expect(wrong.err).toContain("hardware[0]: must be lower case letters");
    expect(wrong.exitCode).toBe(64);
  });

  it("makes the same bytes at the same time", async () => {
    streamFile(join(top, "s"), { snapshot: guid }, 10);
    const first = await manifest("s");
    expect(first.exitCode).toBe(0);
    const text = readFileSync(join(top, "v2.json"), "utf8").replace(/"built": ".*"/, "");
    await manifest("s");
    expect(readFileSync(join(top, "v2.json"), "utf8").replace(/"built": ".*"/, "")).toBe(text);
  });
});

describe.skipIf(!hasKeygen)("impctl image sign and verify (needs ssh-keygen)", () => {
  beforeEach(async () => {
    streamFile(join(top, "v2.zfs.zst"), { snapshot: guid }, 5_000_000);
    await manifest("v2.zfs.zst");
  });
  const verify = (allowed: string) => impctl(top, "image", "verify", "v2.json", "--allowed-signers", allowed);

  it("believe who signed, and say what was checked", async () => {
    const { key, allowed } = makeSigner(top);
    const signed = await impctl(top, "image", "sign", "v2.json", "--key", key);
    expect(signed).toEqual({ exitCode: 0, out: "signed: v2.json.sig\n", err: "" });
    const verified = await verify(allowed);
    expect(verified.out).toMatch(/^v2: signed by builder@example\.net, sha256:\w{64}\nv2\.zfs\.zst: every chunk/);
    rmSync(join(top, "v2.zfs.zst"));
    expect((await verify(allowed)).out).toContain("v2.zfs.zst: is not here");
  });

  it("refuse what nobody signed, what another signed, and what was changed afterwards", async () => {
    const { key, allowed } = makeSigner(top);
    expect((await verify(allowed)).err).toContain("v2.json is not signed. Sign it with `impctl image sign`");
    const other = makeSigner(top, "other");
    signManifest(join(top, "v2.json"), other.key);
    expect((await verify(allowed)).err).toContain('which is no allowed signer for "imp-image"');
    signManifest(join(top, "v2.json"), key, "imp-package");
    expect((await verify(allowed)).err).toContain('was made for another purpose than "imp-image"');
    signManifest(join(top, "v2.json"), key);
    appendFileSync(join(top, "v2.json"), " ");
    expect((await verify(allowed)).err).toContain("does not fit its content");
  });

  it("refuse a stream that is not what the manifest says", async () => {
    const { key, allowed } = makeSigner(top);
    signManifest(join(top, "v2.json"), key);
    const path = join(top, "v2.zfs.zst");
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(4_500_000) ^ 1, 4_500_000);
    writeFileSync(path, bytes);
    expect((await verify(allowed)).err).toContain("differs from its manifest in 1 chunk of 2, first in 1.");
    truncateSync(path, 4_000_000);
    expect((await verify(allowed)).err).toContain("has 4000000 bytes, and its manifest says");
  });

  it("sign nothing that is no manifest", async () => {
    const { key } = makeSigner(top);
    writeFileSync(join(top, "v2.json"), "{");
    const signed = await impctl(top, "image", "sign", "v2.json", "--key", key);
    expect(signed.err).toContain("v2.json:1:2: the file is not well-formed JSON");
    expect(signed.exitCode).toBe(1);
    expect((await impctl(top, "image", "sign", "v2.json", "--key", "absent")).exitCode).toBe(1);
  });
});

describe("impctl image build and test", () => {
  beforeEach(async () => {
    writeFileSync(join(top, "image.yaml"), "debs: [imp.deb]\nepoch: 1\n");
    streamFile(join(top, "s"), { snapshot: guid }, 10);
    await manifest("s");
  });

  it("say what git says where it does not know a revision", async () => {
    mkdirSync(join(top, ".git"));
    const { err, exitCode } = await impctl(top, "image", "build", "v2");
    expect(err).toMatch(/git does not say what revision .* is of: (fatal: )?not a git repository/);
    expect(exitCode).toBe(64);
  });

  it("look at the key and at where the console goes before anything is tried", async () => {
    expect((await impctl(top, "image", "test", "v2.json", "--key", "absent")).err).toContain("absent cannot be read.");
    const { err } = await impctl(top, "image", "test", "v2.json", "--console", "v2.json/console");
    expect(err).toContain("v2.json/console");
  });

  it("take no cache whose name a shell would read", () => {
    expect(() => benchOf(silentTerminal(top), "a'b", 0)).toThrow("has other characters than");
  });
});

describe("impctl image ls", () => {
  it("lists the catalogue, and who runs what", async () => {
    writeFileSync(join(top, "fleet.yaml"), "defaults: 1\n");
    writeFileSync(
      join(top, "images.yaml"),
      `v2:\n  description: Newer\n  manifest: https://images.example.net/v2.json\n  digest: sha256:${"a".repeat(64)}\n  versions: { vpp: "25.06" }\n`,
    );
    const { out, err } = await impctl(top, "image", "ls");
    expect(err).toBe("");
    expect(out).toBe(
      "v2\n  Newer\n  manifest  https://images.example.net/v2.json\n  has       vpp 25.06\n  runs on   no appliance\n",
    );
    writeFileSync(join(top, "images.yaml"), "v2: {}\n");
    expect((await impctl(top, "image", "ls")).err).toMatch(/^images\.yaml:1:1: v2\.manifest: .*missing/m);
  });
});
