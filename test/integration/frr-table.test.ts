import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { passingSecrets } from "../../controller/passing-secrets.ts";
import { loadSource } from "../../reconcilers/frr/load.ts";
import { observeFrr } from "../../reconcilers/frr/observe.ts";
import { openScratch, type Scratch } from "../../reconcilers/frr/scratch.ts";
import { tableForm } from "../../reconcilers/frr/table-form.ts";
import { whyNoFrr } from "../lab/frr.ts";

const missing = whyNoFrr();
const host = linuxHost(passingSecrets());
const signal = new AbortController().signal;
const folder = `/run/imp-vft-scratch-${process.pid}`;
const daemons = ["zebra", "staticd", "bfdd", "ospfd", "ospf6d", "bgpd"] as const;

/** A line that has to be there, and lines that are tried beside it, one after the other. */
const tried: readonly (readonly [context: readonly string[], beside: string, lines: readonly string[]])[] = [
  [
    ["router bgp 64500"],
    "neighbor 192.0.2.1 remote-as 64496",
    [
      ..."timers bgp 60 180,bgp default local-preference 100,bgp default ipv4-unicast,bgp fast-external-failover".split(
        ",",
      ),
      ..."bgp ebgp-requires-policy,bgp network import-check,bgp client-to-client reflection".split(","),
      ..."bgp suppress-duplicates,bgp graceful-restart restart-time 120,bgp graceful-restart stalepath-time 360".split(
        ",",
      ),
      ..."distance bgp 20 200 200,no auto-summary,no synchronization,no bgp log-neighbor-changes".split(","),
      ..."no bgp deterministic-med,neighbor 192.0.2.1 send-community,neighbor 192.0.2.1 send-community both".split(","),
      ..."neighbor 192.0.2.1 timers 60 180,neighbor 192.0.2.1 timers connect 120".split(","),
      "neighbor 192.0.2.1 advertisement-interval 0",
    ],
  ],
  [
    ["router bgp 64500", "address-family ipv4 unicast"],
    "network 10.0.0.0/8",
    ["maximum-paths 1", "maximum-paths ibgp 1"],
  ],
  [
    ["router ospf"],
    "ospf router-id 192.0.2.1",
    ["timers throttle spf 0 50 5000", "auto-cost reference-bandwidth 100000", "ospf abr-type cisco", "distance 110"],
  ],
  [
    ["interface e0"],
    "ip ospf area 0.0.0.0",
    ["priority 1", "hello-interval 10", "dead-interval 40", "retransmit-interval 5", "transmit-delay 1"]
      .flatMap((word) => [`ip ospf ${word}`, `ipv6 ospf6 ${word}`])
      .concat("no shutdown", "no link-detect"),
  ],
  [
    ["bfd", "peer 192.0.2.1"],
    "passive-mode",
    ["detect-multiplier 3", "receive-interval 300", "transmit-interval 300", "no shutdown"],
  ],
];

describe.skipIf(missing !== undefined)(`the table of what FRR does not print (${missing ?? "8.4"})`, () => {
  let scratch: Scratch;

  beforeAll(async () => {
    const opened = await openScratch(host, { folder, daemons, profile: "traditional" }, signal);
    if ("why" in opened) throw new Error(opened.why);
    scratch = opened;
  });

  afterAll(async () => {
    await scratch?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(tried)("says of %j what FRR says", async (context, beside, lines) => {
    for (const line of [beside, ...lines]) {
      const source = [{ context, line, at: 1 }];
      const { failed } = await loadSource(source, new Set(), daemons, host, scratch.sockets, signal);
      expect({ line, failed }).toEqual({ line, failed: [] });
      const { config } = await observeFrr(host, scratch.sockets, signal);
      const isPrinted = config.split("\n").some((one) => one.trim() === line);
      expect({ line, isPrinted: tableForm(source).includes(line) }).toEqual({ line, isPrinted });
    }
  });
});
