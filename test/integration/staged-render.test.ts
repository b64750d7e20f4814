/** An image's own impctl as it is run: the real bundle under a real Node, in a root that it cannot write. Only the mount is no ZFS's. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unresolvedSecrets } from "../../controller/secrets.ts";
import { renderStaged } from "../../controller/trial/staged-render.ts";
import { loadWanted } from "../../controller/wanted.ts";
import { bundleInto } from "../../deploy/bundle.ts";
import type { Host, RunResult } from "../../reconcilers/core.ts";
import { Settings } from "../../schemas/settings.ts";
import { whyNoDebianRoot } from "../lab/debian-root.ts";
import { simHost } from "../lab/host.ts";
import { memoryTree } from "../lab/memory-tree.ts";

const folder = mkdtempSync(join(tmpdir(), "imp-staged-"));
const why = whyNoDebianRoot(folder);
const { signal } = new AbortController();
const settings = Settings.parse({ machine: "fra1/r1", repository: { folder: "/srv/sites" } });
const tree = memoryTree({
  "fleet.yaml": "defaults: 1\n",
  "fra1/site.yaml": "",
  "fra1/r1.yaml": "routing: { router-id: 198.51.100.1, bgp: { asn: 64500 } }\n",
});
const request = {
  tree,
  commit: "c".repeat(40),
  overlays: [],
  settings,
  secrets: { resolve: async () => ({ secrets: unresolvedSecrets, problems: [] }) },
};

/** Says what it can do, in place of rendering. */
const probe = `const fs = require("node:fs");
const tried = (work) => { try { return String(work()); } catch (error) { return error.code; } };
process.stdin.resume().on("end", () => process.stdout.write(JSON.stringify({ format: 1, journal: 99, problems: [], agent: [
  process.getuid(), process.getgid(), process.getgroups().join(" "),
  tried(() => fs.writeFileSync("/x", "")), tried(() => fs.writeFileSync("/tmp/x", "")),
  tried(() => fs.readFileSync("/etc/shadow")), tried(() => fs.existsSync("${folder}/secret")),
  /^CapEff:\\t0+$/m.test(fs.readFileSync("/proc/self/status", "utf8")),
].join(",") })));`;

describe.skipIf(why !== undefined)(`an image's own impctl (${why ?? "all here"})`, () => {
  const root = join(folder, "image");
  /** systemd-run's place: its unit in a mount namespace. The image's root is this machine's, with an agent in it. */
  const host: Host = {
    ...simHost().start(),
    async run(argv, { input = "" }): Promise<RunResult> {
      const program = argv.slice(argv.indexOf("--") + 1);
      const prelude = `mount --make-rprivate / && PATH=${folder}/bin:$PATH && exec "$@"`;
      const { status, stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", prelude, "sh", ...program], {
        input,
        encoding: "utf8",
        maxBuffer: 2 ** 26,
      });
      return { exitCode: status ?? 1, stdout, stderr };
    },
  };
  const looked = { dataset: "tank/ROOT/imp-v1.4.0", folder: join(folder, "at"), name: "imp-v1.4.0" };

  beforeAll(async () => {
    for (const path of ["bin", "image/proc", "image/tmp", "image/etc", "image/usr/lib/imp", "image/node"])
      mkdirSync(join(folder, path), { recursive: true });
    chmodSync(folder, 0o755);
    chmodSync(join(root, "tmp"), 0o1777);
    writeFileSync(join(folder, "secret"), "not for an image\n");
    writeFileSync(join(root, "etc/shadow"), "root:x\n", { mode: 0o600 });
    for (const name of ["lib", "lib64"]) mkdirSync(join(root, name));
    symlinkSync("/node/node", join(root, "usr/lib/imp/node"));
    // In ZFS' place the folder, read-only, with this machine's libraries and Node in it.
    const shim = `#!/bin/sh
[ "$2" = zfs ] || exec /bin/mount "$@"
[ "$4 $5" = "zfsutil,ro,nosuid,nodev ${looked.dataset}" ] || exit 3
set -e
/bin/mount --bind ${root} "$6"
/bin/mount --bind /usr/lib "$6/lib"
/bin/mount --bind "$(readlink -f /lib64)" "$6/lib64"
/bin/mount --bind ${join(process.execPath, "..")} "$6/node"
/bin/mount -o remount,bind,ro,nosuid,nodev "$6"
`;
    writeFileSync(join(folder, "bin/mount"), shim, { mode: 0o755 });
    await bundleInto(join(root, "usr/lib/imp/impctl.cjs"));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("renders what this one would", async () => {
    const { generation, files } = await renderStaged(host, looked, request, signal);
    const own = await loadWanted(tree, request.commit, [], { ...request, host });
    expect(generation).toEqual(own.generation);
    expect(files.map(({ name }) => name)).toContain("restore");
  }, 60_000);

  it("has no right, and nothing but its own root, which it cannot write", async () => {
    const seen: string[] = [];
    const listening: Host = {
      ...host,
      async run(...asked) {
        const result = await host.run(...asked);
        seen.push(result.stdout || result.stderr);
        return result;
      },
    };
    writeFileSync(join(root, "usr/lib/imp/impctl.cjs"), probe);
    await expect(renderStaged(listening, looked, request, signal)).rejects.toThrow("cannot take the commit");
    expect(JSON.parse(seen[0] ?? "")).toMatchObject({
      agent: "65534,65534,65534,EROFS,EROFS,EACCES,false,true",
    });
  }, 60_000);
});
