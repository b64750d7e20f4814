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

/** Why no file here can be given capabilities, or undefined. */
const capabilities = whyNoCapabilities();

function whyNoCapabilities(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "imp-capabilities-"));
  try {
    const script = "echo x >file && setcap cap_net_raw+ep file";
    return spawnSync("sh", ["-c", script], { cwd: folder }).status === 0 ? undefined : "needs root and setcap";
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A clone is a copy of the folder `before`; what is sent is a tar file of what is mounted. */
const zfs = `#!/bin/sh
case $1 in
clone) cp -a "$LAB/before/." "$LAB/dataset/root/" ;;
list) echo pool/base@img ;;
receive) cat >/dev/null ;;
snapshot) cp -a "$LAB/dataset/root" "$LAB/after" ;;
send) shift && echo "$*" ;;
esac
`;

/** Writes down what it is asked; whoever asks for what $interrupted says is told to end meanwhile. */
const zpool = `#!/bin/sh
echo "$*" >>"$LAB/zpool.log"
`;
const interrupted = `case $1 in "\${interrupted-}") kill -TERM $PPID ;; esac
`;

let lab: string;
beforeEach(() => {
  lab = mkdtempSync(join(tmpdir(), "imp-streams-"));
  for (const name of ["bin", "before", "wanted"]) mkdirSync(join(lab, name));
  for (const name of ["zfs", "zpool", "mount", "umount"]) {
    const program = name === "zfs" ? zfs : name === "zpool" ? zpool : "#!/bin/sh\n";
    writeFileSync(join(lab, "bin", name), program.replace("\n", `\n${interrupted}`));
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
    const run = (base: string, more: Readonly<Record<string, string>> = {}) => {
      sh("tar -C wanted --sort=name --format=posix --xattrs --xattrs-include='*' -cf root.tar .");
      const paths = { disk: "disk", root: "root.tar", out: "out", folder: "dataset", ...(base !== "" && { base }) };
      const absolute = Object.fromEntries(Object.entries(paths).map(([key, value]) => [key, join(lab, value)]));
      const words = { base: "", pool: "pool", name: "imp-v2", version: "2" };
      const PATH = `${lab}/bin:${process.env["PATH"] ?? ""}`;
      return spawnSync(shell.argv[0], [...shell.argv.slice(1), join(programs, "streams")], {
        encoding: "utf8",
        env: { ...words, ...absolute, ...more, LAB: lab, LC_ALL: "C", PATH },
      });
    };
    const made = (base: string): string => {
      const { stdout, stderr, status } = run(base);
      expect(stderr).toBe("");
      expect(status).toBe(0);
      // What the program writes into each image.
      sh("printf 'IMAGE_ID=imp-v2\\nIMAGE_VERSION=2\\n' >>wanted/usr/lib/os-release");
      return stdout;
    };

    it("makes a whole one, and says where it is", () => {
      sh("mkdir -p wanted/usr/lib; echo ID=debian >wanted/usr/lib/os-release; echo 1 >wanted/file");

      expect(made("")).toBe("stream whole 0 15\n");
      expect(difference()).toBe("");
      expect(readFileSync(join(lab, "out"), "utf8")).toBe("pool/image@img\n");
      expect(readFileSync(join(lab, "zpool.log"), "utf8")).toMatch(/^create .*\ndestroy -f pool\n$/);
    });

    it.each(["create", "send"])("leaves no pool behind when it is told to end at zpool or zfs %s", (interrupted) => {
      sh("mkdir -p wanted/usr/lib; echo ID=debian >wanted/usr/lib/os-release");

      const { status } = run("", { interrupted });

      expect(status).toBe(143);
      expect(readFileSync(join(lab, "zpool.log"), "utf8")).toMatch(/\ndestroy -f pool\n$/);
    });

    it.skipIf(capabilities !== undefined)(
      `has the capabilities of programs as the tar file has them (${capabilities ?? "setcap is here"})`,
      () => {
        sh(`mkdir -p before/usr/lib; cd before; echo ID=debian >usr/lib/os-release
for name in same more less other plain; do echo x >$name; done
cp -a . ../wanted
setcap cap_net_raw+ep same; setcap cap_net_raw+ep less; setcap cap_net_raw+ep other; cd ../wanted
setcap cap_net_raw+ep same; setcap cap_net_raw+ep more; setcap cap_sys_time+ep other`);

        const said = made("base");

        expect(difference()).toBe("");
        expect(sh("cd after; getcap -r . | sort")).toBe(
          "./more cap_net_raw=ep\n./other cap_sys_time=ep\n./same cap_net_raw=ep\n",
        );
        expect(said).toMatch(/^changed 4\n/);
      },
    );

    it("makes nothing of a tar file that cannot be read to its end", () => {
      sh("mkdir -p wanted/usr/lib before/usr/lib; head -c 300000 /dev/urandom >wanted/a; cp wanted/a before/a");
      sh("mkdir bin/real && ln -s $(command -v tar) bin/real/tar");
      sh(
        `printf '#!/bin/sh\\ncase $1 in -tf) exit 2 ;; esac\\nexec ${lab}/bin/real/tar "$@"\\n' >bin/tar && chmod +x bin/tar`,
      );

      expect(run("base").status).not.toBe(0);
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
      expect(said).toMatch(/^changed \d+\nstream whole 0 15\nstream increment 1048576 \d+\n$/);
      expect(sh("stat -c %Y before/same")).toBe(sh("stat -c %Y after/same"));
      expect(
        readFileSync(join(lab, "out"))
          .subarray(1 << 20)
          .toString(),
      ).toBe("-i pool/base@img pool/image@img\n");
    });
  });
