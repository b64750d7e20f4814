/** A package of the agent on its way to the box, with a real ssh-keygen and dpkg-deb. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { linuxHost } from "../../../../controller/host/linux.ts";
import { fetchPackage } from "../../../../controller/update/package.ts";
import type { AgentPackage } from "../../../../schemas/images.ts";
import { asProblem } from "../../../../schemas/problem.ts";
import { Settings } from "../../../../schemas/settings.ts";

const programs = ["ssh-keygen", "dpkg-deb"];
const missing = programs.filter((name) => spawnSync(name, ["--help"]).error !== undefined);
const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
const never = new AbortController().signal;

describe.skipIf(missing.length > 0)(`the package of another agent (needs ${programs.join(", ")})`, () => {
  let top: string;
  let folder: string;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    top = mkdtempSync(join(tmpdir(), "imp-fetch-"));
    for (const name of ["nora", "olga"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(top, name)]);
    }
    const key = readFileSync(join(top, "nora.pub"), "utf8");
    writeFileSync(join(top, "signers"), `nora@example.net namespaces="imp-package" ${key}`);
    server = createServer((request, response) => {
      const file = join(top, (request.url ?? "").slice(1));
      response.writeHead(existsSync(file) ? 200 : 404).end(existsSync(file) ? readFileSync(file) : "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    folder = mkdtempSync(join(top, "update-"));
  });
  afterAll(() => {
    server.close();
    rmSync(top, { recursive: true, force: true });
  });

  let made = 0;
  /** An entry of the catalogue for a package that was made now. */
  function entry(more: { readonly name?: string; readonly by?: string; readonly purpose?: string } = {}): AgentPackage {
    const { name = "imp", by = "nora", purpose = "imp-package" } = more;
    made += 1;
    const tree = join(top, `tree-${made}`);
    mkdirSync(join(tree, "DEBIAN"), { recursive: true });
    const own = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();
    const fields = [
      "Version: 2.0+1",
      `Architecture: ${own}`,
      "Maintainer: nora <nora@example.net>",
      `Description: number ${made}`,
    ];
    writeFileSync(join(tree, "DEBIAN/control"), `Package: ${name}\n${fields.join("\n")}\n`);
    const file = join(top, `${made}.deb`);
    execFileSync("dpkg-deb", ["--root-owner-group", "--build", tree, file], { stdio: "ignore" });
    execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-f", join(top, by), "-n", purpose, file], { stdio: "ignore" });
    return {
      package: `${url}/${made}.deb`,
      version: "2.0+1",
      digest: digestOf(file),
      signature: readFileSync(`${file}.sig`, "utf8"),
    };
  }

  it("takes no device and no folder for a package, and stops where one does not end", async () => {
    for (const path of ["/dev/zero", top]) {
      expect(await fetched({ ...entry(), package: path })).toBe(
        `UPDATE: The agent's package cannot be fetched from ${path}: it is no plain file`,
      );
    }
    const endless = join(top, "endless.deb");
    writeFileSync(endless, "");
    truncateSync(endless, 2 ** 28 + 1);
    expect(await fetched({ ...entry(), package: endless })).toContain("File too big");
  });

  const digestOf = (file: string) => `sha256:${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
  const { images } = Settings.parse({ machine: "a/b", repository: { folder: "/x" } });
  const trust = () => Settings.shape.trust.parse({ "allowed-signers": join(top, "signers") });
  const fetched = async (wanted: AgentPackage) =>
    fetchPackage({ host, folder, images, trust: trust() }, wanted, never).then(
      () => "here",
      (thrown: unknown) => `${asProblem(thrown).code}: ${asProblem(thrown).message}`.replaceAll(url, "URL"),
    );

  it("is here once it was fetched and checked, and is not fetched again", async () => {
    const wanted = entry();
    expect(await fetched(wanted)).toBe("here");
    expect(digestOf(join(folder, "new.deb"))).toBe(wanted.digest);
    rmSync(join(top, `${made}.deb`));
    expect(await fetched(wanted)).toBe("here");
  });

  it("may stand on the box", async () => {
    const wanted = entry();
    expect(await fetched({ ...wanted, package: join(top, `${made}.deb`) })).toBe("here");
  });

  it("is not used where it is not what the catalogue names, and taken away", async () => {
    const wanted = entry();
    appendFileSync(join(top, `${made}.deb`), "x");
    expect(await fetched(wanted)).toMatch(
      /^UPDATE: URL\/\d+\.deb is not what images\.yaml names: its digest is sha256:/,
    );
    expect(existsSync(join(folder, "new.deb"))).toBe(false);
  });

  it("is not used where what was signed is something else, by somebody else, or for something else", async () => {
    const other = entry().signature;
    expect(await fetched({ ...entry(), signature: other })).toBe(
      "TRUST_BAD_SIGNATURE: version 2.0+1 of the agent has a signature that does not fit its content",
    );
    expect(await fetched(entry({ by: "olga" }))).toMatch(/^TRUST_UNKNOWN_SIGNER: .* is no allowed signer/);
    expect(await fetched(entry({ purpose: "git" }))).toMatch(/^TRUST_BAD_SIGNATURE: .* made for another purpose/);
  });

  it("is not used where it is another package, or another version, than is said", async () => {
    expect(await fetched(entry({ name: "amp" }))).toMatch(
      /^UPDATE: URL\/\d+\.deb is amp 2\.0\+1 \w+, not imp 2\.0\+1 \w+\.$/,
    );
    expect(await fetched({ ...entry(), version: "2.1+1" })).toMatch(/^UPDATE: .* is imp 2\.0\+1 \w+, not imp 2\.1\+1 /);
  });

  it("says why it cannot be fetched", async () => {
    expect(await fetched({ ...entry(), package: `${url}/none` })).toMatch(
      /^UPDATE: The agent's package cannot be fetched from URL\/none: .*404/,
    );
  });

  it("comes from a mirror where one has it, and else from its address", async () => {
    const wanted = entry();
    const elsewhere = { ...wanted, package: `http://127.0.0.1:1/none/${made}.deb` };
    const mirrored = { ...images, mirrors: [{ url: join(top, "nowhere") }, { url }] };
    await fetchPackage({ host, folder, images: mirrored, trust: trust() }, elsewhere, never);
    expect(digestOf(join(folder, "new.deb"))).toBe(wanted.digest);
    rmSync(join(folder, "new.deb"));
    await fetchPackage(
      { host, folder, images: { ...images, mirrors: [{ url: join(top, "none") }] }, trust: trust() },
      wanted,
      never,
    );
    expect(digestOf(join(folder, "new.deb"))).toBe(wanted.digest);
  });

  it("is not fetched where there is no room for it", async () => {
    const full = { ...host, freeBytes: async () => 2 ** 20 };
    await expect(fetchPackage({ host: full, folder, images, trust: trust() }, entry(), never)).rejects.toThrow(
      /Only 1 MiB are free/,
    );
  });
});
