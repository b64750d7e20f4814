/** Network namespaces and veth pairs for tests and the demo: made under unique names, and removed with everything in them. */
import { execFileSync } from "node:child_process";

/** Why namespaces cannot be made here, or undefined when they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  try {
    const name = `imp-probe-${process.pid}`;
    ip("netns", "add", name);
    try {
      // Entering one mounts /sys anew, which some containers forbid although they let one be made.
      ip("netns", "exec", name, "true");
    } finally {
      ip("netns", "del", name);
    }
    return undefined;
  } catch {
    return "needs network namespaces (iproute2, CAP_NET_ADMIN and CAP_SYS_ADMIN)";
  }
}

/** Runs `ip …` to its end; throws with its message. */
export function ip(...argv: string[]): string {
  return execFileSync("ip", argv, { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "pipe"] });
}

export interface Namespace extends Disposable {
  readonly name: string;
  /** The argv that runs a program inside. */
  inside(...argv: string[]): [string, ...string[]];
  ip(...argv: string[]): string;
}

/** A namespace with loopback up. Disposing removes it; processes inside are their starter's to end. */
export function makeNamespace(label: string): Namespace {
  const name = `imp${process.pid}-${label}`;
  ip("netns", "add", name);
  ip("-n", name, "link", "set", "lo", "up");
  return {
    name,
    inside: (...argv) => ["ip", "netns", "exec", name, ...argv],
    ip: (...argv) => ip("-n", name, ...argv),
    [Symbol.dispose]() {
      try {
        ip("netns", "del", name);
      } catch {
        // already gone
      }
    },
  };
}

/** One end of a wire: interface name (at most 15 characters) and its addresses with prefix length. */
export interface WireEnd {
  readonly namespace: Namespace;
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Joins two namespaces by a veth pair. In the appliance's namespace it stands for a linux-cp tap. */
export function makeWire(a: WireEnd, b: WireEnd): void {
  // Made inside a's namespace under temporary names, so that no name can collide with an interface of this machine.
  a.namespace.ip("link", "add", a.name, "type", "veth", "peer", "name", "wire-peer");
  a.namespace.ip("link", "set", "dev", "wire-peer", "netns", b.namespace.name);
  b.namespace.ip("link", "set", "dev", "wire-peer", "name", b.name);
  for (const end of [a, b]) {
    for (const address of end.addresses) {
      // Without duplicate address detection an IPv6 address is usable at once.
      const nodad = address.includes(":") ? ["nodad"] : [];
      end.namespace.ip("address", "add", address, "dev", end.name, ...nodad);
    }
    end.namespace.ip("link", "set", "dev", end.name, "up");
  }
}
