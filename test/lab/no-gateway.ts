/**
 * For agents that run in this machine's own network: its gateway is somebody else's, may limit how often it answers, and is no
 * anchor of theirs. Their `ip` shows no default route.
 */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const places = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/** Makes a folder below `folder`, to stand first in such an agent's PATH. */
export function withoutGateway(folder: string): string {
  const real = [...(process.env["PATH"] ?? "").split(":"), ...places]
    .map((path) => join(path, "ip"))
    .find((path) => existsSync(path));
  const bin = join(folder, "no-gateway");
  mkdirSync(bin, { recursive: true });
  const script = `#!/bin/sh
case "$*" in *"route show default") echo '[]'; exit ;; esac
exec ${real ?? "/usr/sbin/ip"} "$@"
`;
  writeFileSync(join(bin, "ip"), script);
  chmodSync(join(bin, "ip"), 0o755);
  return bin;
}
