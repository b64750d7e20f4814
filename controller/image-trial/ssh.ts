/** How a virtual machine on this machine is reached: as root, over a port of loopback. */
import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

/** The first connection brings the host's key into the folder; from then on it must be that one. `key`: a private one's file. */
export function sshOptions(folder: string, key: string, port: number): readonly string[] {
  const known = join(folder, "known_hosts");
  const options = {
    StrictHostKeyChecking: existsSync(known) ? "yes" : "accept-new",
    UserKnownHostsFile: known,
    // Whatever port it has this time.
    HostKeyAlias: "machine",
    IdentitiesOnly: "yes",
    BatchMode: "yes",
    ConnectTimeout: "20",
    LogLevel: "ERROR",
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", "-i", key, ...words, "-p", String(port), "root@127.0.0.1"];
}

/** One that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
