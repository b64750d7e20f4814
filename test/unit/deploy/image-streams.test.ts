/** How the program that makes streams brings a base to what a tar file has, with a ZFS that only pretends: folders for datasets. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { shells } from "../../lab/failsafe-box.ts";

const programs = new URL("../../../deploy/image/", import.meta.url).pathname;

const lint = spawnSync("shellcheck", ["--version"]).status === 0 ? undefined : "needs shellcheck";
it.skipIf(lint !== undefined).each(["box", "finish", "gather", "streams", "workshop"])(
  `%s is clean (${lint ?? "shellcheck is here"})`,
  (name) => {
    expect(
      spawnSync("shellcheck", ["-s", "sh", "-e", "SC2045", join(programs, name)], { encoding: "utf8" }).stdout,
    ).toBe("");
  },
);

/** A clone is a copy of the folder `before`; what is sent is a tar file of what is mounted. */
const zfs = `#!/bin/sh
case $1 in
clone) cp -a "$LAB/before/." "$LAB/dataset/root/" ;;
list) echo impbuild/base@img ;;
receive) cat >/dev/null ;;
snapshot) cp -a "$LAB/dataset/root" "$LAB/after" ;;
send) shift && echo "$*" ;;
esac
`;

let lab: string;
beforeEach(() => {
  lab = mkdtempSync(join(tmpdir(), "imp-streams-"));
  for (const name of ["bin", "before", "wanted"]) mkdirSync(join(lab, name));
  for (const name of ["zfs", "zpool", "mount", "umount"]) {
    writeFileSync(join(lab, "bin", name), name === "zfs" ? zfs : "#!/bin/sh\n");
    chmodSync(join(lab, "bin", name), 0o755);
  }
  writeFileSync(join(lab, "base"), "stream");
  writeFileSync(join(lab, "out"), "");
});
afterEach(() => rmSync(lab, { recursive: true, force: true }));

const sh = (script: string): string => {
  const { stdout, stderr, status } = spawnSync("sh", ["-euc", script], { cwd: lab, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};

/** What differs between two folders in kinds, modes, names of one file, or bytes. */
const difference = (): string =>
  sh(`list() { (cd "$1" && find . -printf '%p %y %m %n %l\\n' | sort; find . -type f | sort | xargs -d '\\n' cksum); }
list after >a.list; list wanted >b.list; diff a.list b.list || :`);

for (const shell of shells)
  describe.skipIf(shell.missing)(`streams under ${shell.title}`, () => {
    const made = (base: string): string => {
      sh("tar -C wanted --sort=name --format=posix -cf root.tar .");
      const env = { disk: "disk", root: "root.tar", out: "out", base, name: "imp-v2", version: "2", folder: "dataset" };
      const paths = Object.fromEntries(
        Object.entries(env).map(([key, value]) => [
          key,
          value !== "" && !["name", "version"].includes(key) ? join(lab, value) : value,
        ]),
      );
      const { stdout, stderr, status } = spawnSync(shell.argv[0], [...shell.argv.slice(1), join(programs, "streams")], {
        encoding: "utf8",
        env: { ...paths, LAB: lab, LC_ALL: "C", PATH: `${lab}/bin:${process.env["PATH"] ?? ""}` },
      });
      expect(stderr).toBe("");
      expect(status).toBe(0);
      // What the program writes into each image.
      sh("printf 'IMAGE_ID=imp-v2\\nIMAGE_VERSION=2\\n' >>wanted/usr/lib/os-release");
      return stdout;
    };

    it("makes a whole one, and says where it is", () => {
      sh("mkdir -p wanted/usr/lib; echo ID=debian >wanted/usr/lib/os-release; echo 1 >wanted/file");

      expect(made("")).toBe("stream whole 0 19\n");
      expect(difference()).toBe("");
      expect(readFileSync(join(lab, "out"), "utf8")).toBe("impbuild/image@img\n");
    });

    it("makes of a base what the tar file has, and touches nothing that is the same", () => {
      sh(`mkdir -p before/usr/lib before/gone/deep before/kind; cd before
echo ID=debian >usr/lib/os-release; echo IMAGE_ID=imp-v1 >>usr/lib/os-release
echo same >same; echo old >changed; echo mode >mode; echo x >gone/deep/file; echo y >kind/file; ln -s same link
echo 'a b' >'a b'; echo perl >perl; ln perl perl5; echo folder >folder
cp -a . ../wanted; cd ../wanted
printf 'ID=debian\\n' >usr/lib/os-release
rm -r gone kind folder perl perl5; echo file >kind; mkdir folder; echo z >folder/z
echo new >changed; chmod 755 mode; ln -sf changed link; echo 'c d' >'a b'; echo added >'ad ded'; echo other >perl; ln perl perl5
chmod 700 usr/lib; touch -d 2001-01-01 same`);

      const said = made("base");

      expect(difference()).toBe("");
      expect(said).toMatch(/^changed \d+\nstream whole 0 19\nstream increment 1048576 \d+\n$/);
      expect(sh("stat -c %Y before/same")).toBe(sh("stat -c %Y after/same"));
      expect(
        readFileSync(join(lab, "out"))
          .subarray(1 << 20)
          .toString(),
      ).toBe("-i impbuild/base@img impbuild/image@img\n");
    });
  });
