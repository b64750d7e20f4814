/** The stand-in of VPP as the package that an image is asked for: its manifest names the version of `vpp` that dpkg knows. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gone, lay, run } from "./shelf.ts";
import type { GuestFile } from "./simulator.ts";

/** Writes the package `vpp` of these files to a path. */
export function packed(files: readonly GuestFile[], path: string, version = "26.06-release"): void {
  const about = { Package: "vpp", Version: version, Architecture: "amd64", Maintainer: "IMP <imp@example.net>" };
  const folder = mkdtempSync(join(tmpdir(), "imp-vpp-"));
  try {
    for (const { path: at, text, mode } of files) lay(folder, at, text, mode);
    const control = { ...about, Description: "the simulated one, where VPP would be" };
    const lines = Object.entries(control).map(([name, value]) => `${name}: ${value}\n`);
    lay(folder, "DEBIAN/control", lines.join(""));
    // mkdtemp's is for its owner alone, and would be what the root becomes. The same files give the same package.
    run("sh", [
      "-c",
      'chmod 755 "$0" && SOURCE_DATE_EPOCH=0 exec dpkg-deb -Znone --root-owner-group -b "$0" "$1"',
      folder,
      path,
    ]);
  } finally {
    rmSync(folder, gone);
  }
}
