import { describe, expect, it } from "vitest";
import type { Before } from "../../../../controller/health/judge.ts";
import type { Probe } from "../../../../controller/health/probe.ts";
import { unsettled } from "../../../../controller/health/settled.ts";
import { generation } from "../../../lab/story.ts";

const peer = "192.0.2.1";

interface Seen {
  readonly up?: boolean;
  readonly prefixes?: number;
  readonly endOfRib?: boolean | undefined;
  readonly rib?: number;
  readonly fib?: number;
}

function look({ up = true, prefixes = 1000, endOfRib, rib = 1000, fib = rib }: Seen = {}): Probe {
  const session = { peer, up, state: "", prefixes, established: 1, dropped: 0, endOfRib };
  const none = { rib: 0, fib: 0, byType: {} };
  const routes = { ipv4: { rib, fib, byType: {} }, ipv6: none };
  return { results: new Map(), sessions: new Map([[peer, session]]), routes, silent: [] };
}

const candidate = generation([`neighbor ${peer}`]);
const before: Before = {
  probe: look(),
  candidate,
  committed: candidate,
  touched: { policies: new Set(), interfaces: new Set() },
  advisory: new Set(),
};
const still = (seen: Seen = {}) => Array.from({ length: 5 }, () => look(seen));
const why = (looks: readonly Probe[], from = before) => unsettled(from, looks)?.reason;

describe("after a restart routing has settled", () => {
  it("when all is back and stands still", () => {
    expect(why(still())).toBeUndefined();
    expect(why(still({ endOfRib: true }))).toBeUndefined();
    expect(why([look({ prefixes: 5 }), ...still()]), "what moved long ago").toBeUndefined();
  });

  it("not before every session that was up and is expected is back, and its peer has sent all", () => {
    expect(why(still({ up: false }))).toBe("After the restart the BGP session with 192.0.2.1 is not back yet.");
    expect(why([])).toBe("Nothing was seen yet after the restart.");
    expect(why(still({ endOfRib: false }))).toBe("After the restart 192.0.2.1 has not sent all of its routes yet.");
    expect(why(still({ up: false }), { ...before, probe: look({ up: false }) })).toBeUndefined();
    expect(why(still({ up: false }), { ...before, candidate: generation([]) })).toBeUndefined();
    expect(why(still({ up: false }), { ...before, advisory: new Set([`bgp-session ${peer}`]) })).toBeUndefined();
  });

  it("not while counts move", () => {
    expect(why(still().slice(1))).toBe("After the restart counts were not seen to stand still yet.");
    expect(why([...still().slice(1), look({ prefixes: 990 })])).toContain("from 192.0.2.1 still moves");
    expect(why([...still().slice(1), look({ prefixes: 998 })]), "a full table is never quite still").toBeUndefined();
    expect(why([...still().slice(1), look({ rib: 1010 })])).toContain("ipv4 routes in the kernel still moves");
  });

  it("not before the kernel has what zebra has chosen", () => {
    expect(why(still({ rib: 1000, fib: 900 }))).toBe("After the restart the kernel lacks 100 of 1000 ipv4 routes.");
    expect(why(still({ rib: 1000, fib: 990 }))).toBeUndefined();
    const alternatives = { ...before, probe: look({ rib: 1000, fib: 900 }) };
    expect(why(still({ rib: 1000, fib: 900 }), alternatives), "as many were not chosen before").toBeUndefined();
  });
});
