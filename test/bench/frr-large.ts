/** A configuration of FRR with thousands of lines, and changes of it. */

/** 60 % prefix-list entries, 20 % static routes, 20 % neighbours; the first hundred of them with a route-map each. */
export function largeConfiguration(lines: number): string {
  const count = Math.floor(lines / 10);
  const peers = Array.from({ length: count }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
  const entries = Array.from({ length: Math.floor(lines * 0.6) }, (_, i) => {
    return `ip prefix-list pl${Math.floor(i / 50)} seq ${((i % 50) + 1) * 5} permit 10.${(i >> 8) & 255}.${i & 255}.0/24`;
  });
  const routes = Array.from(
    { length: Math.floor(lines / 5) },
    (_, i) => `ip route 172.16.${i >> 8}.${i & 255}/32 blackhole`,
  );
  const mapped = peers.slice(0, 100);
  return [
    ...entries,
    ...mapped.flatMap((_, i) => [`route-map rm${i} permit 10`, ` match ip address prefix-list pl${i % 12}`, "exit"]),
    ...routes,
    "router bgp 64500",
    " no bgp default ipv4-unicast",
    ...peers.flatMap((peer) => [` neighbor ${peer} remote-as 64496`, ` neighbor ${peer} description peer ${peer}`]),
    " address-family ipv4 unicast",
    ...mapped.flatMap((peer, i) => [`  neighbor ${peer} activate`, `  neighbor ${peer} route-map rm${i} in`]),
    " exit-address-family",
    "exit",
    "",
  ].join("\n");
}

/** Other values in ten lines; what ten neighbours and ten route-maps are gone from; another value in every line. */
export function changes(text: string): Readonly<Record<"ten lines" | "removal" | "all lines", string>> {
  const lines = text.split("\n");
  const without: string[] = [];
  let inside = false;
  for (const line of lines) {
    if (/^route-map rm1\d /.test(line)) inside = true;
    const peer = /neighbor 10\.0\.(\d+)\.1 /.exec(line)?.[1];
    if (!inside && !(peer !== undefined && Number(peer) >= 10 && Number(peer) < 20)) without.push(line);
    if (line === "exit") inside = false;
  }
  let left = 10;
  return {
    "ten lines": lines.map((line) => (/description/.test(line) && left-- > 0 ? `${line} changed` : line)).join("\n"),
    removal: without.join("\n"),
    "all lines": text
      .replaceAll(/^(ip prefix-list \S+ seq \d+) permit/gm, "$1 deny")
      .replaceAll(/(^ip route .*) blackhole$/gm, "$1 blackhole tag 7")
      .replaceAll(/( description .*)$/gm, "$1 changed"),
  };
}
