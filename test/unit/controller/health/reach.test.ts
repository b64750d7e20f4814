import { describe, expect, it } from "vitest";
import {
  believed,
  gatewaysIn,
  lookAround,
  lookForPlaces,
  remoteDoor,
  type Round,
  type Whereabouts,
} from "../../../../controller/health/reach.ts";
import { Problem, type ProblemCode } from "../../../../schemas/problem.ts";
import { simHost, type Sim } from "../../../lab/host.ts";

const { signal } = new AbortController();
const git = "https://git.example.net/sites.git";

/** Programs as the box has them: a gateway, a resolver, and a ping that these addresses answer. */
function programs(sim: Sim, answering: ReadonlySet<string>, refused: { by?: string }): void {
  const said = (stdout: string, exitCode = 0) => ({ exitCode, stdout, stderr: "" });
  sim.answer((argv) => {
    const text = argv.join(" ");
    if (text === "ip -4 -j route show default") return said('[{"dst":"default","gateway":"10.0.0.1","dev":"eth0"}]');
    if (text === "ip -6 -j route show default") return said("[]");
    if (text.startsWith("getent ahosts git.example.net"))
      return said("10.9.9.9 STREAM git.example.net\n10.9.9.9 DGRAM\n");
    if (argv[0] === "getent") return said("", 2);
    if (argv[0] !== "ping") return undefined;
    if (answering.has(argv.at(-1) ?? "")) return said("");
    const head = `PING ${argv.at(-1)} (${argv.at(-1)}) 56(84) bytes of data.\n`;
    return said(
      refused.by === undefined ? head : `${head}From ${refused.by} icmp_seq=1 Destination Port Unreachable\n`,
      1,
    );
  });
}

function box(more: Partial<Whereabouts> = {}): {
  readonly sim: Sim;
  readonly answering: Set<string>;
  /** Who refuses an echo. */
  readonly refused: { by?: string };
  readonly where: Whereabouts;
} {
  const sim = simHost();
  const answering = new Set(["10.0.0.1"]);
  const refused = {};
  programs(sim, answering, refused);
  const head = () => Promise.reject(new Problem("GIT_UNREACHABLE", "nobody"));
  return {
    sim,
    answering,
    refused,
    where: { host: sim.start(), remotes: [{ url: git }], source: { head }, anchors: [], ...more },
  };
}

describe("looking for places", () => {
  it("finds the repository, by its address of then, and the gateway", async () => {
    const { sim, answering, where } = box();
    sim.reachable.add("10.9.9.9:443");

    const around = await lookForPlaces(where, signal);

    expect(around.git?.name).toBe("the sites repository");
    expect(around.anchors.map(({ name, pinged }) => [name, pinged])).toEqual([["the gateway 10.0.0.1", "10.0.0.1"]]);
    expect(await lookAround(around, signal)).toEqual({ found: "reached", lost: [] });
    sim.reachable.clear();
    expect((await lookAround(around, signal)).found).toBe("git-lost");
    answering.clear();
    expect(await lookAround(around, signal)).toEqual({
      found: "cut-off",
      lost: ["the sites repository", "the gateway 10.0.0.1"],
    });
    sim.reachable.add("10.9.9.9:443");
    expect(await lookAround(around, signal)).toEqual({ found: "anchors-lost", lost: ["the gateway 10.0.0.1"] });
  });

  it.each([
    ["the gateway itself", "10.0.0.1", "reached"],
    ["somebody else", "10.0.0.11", "cut-off"],
    ["this box", "10.0.0.2", "cut-off"],
  ])("knows that the gateway is there by a refusal of %s", async (_, from, found) => {
    const { answering, refused, where } = box({ remotes: [] });
    const around = await lookForPlaces(where, signal);
    answering.clear();
    refused.by = from;

    expect((await lookAround(around, signal)).found).toBe(found);
  });

  it("takes another remote and named hosts as anchors, where they answer", async () => {
    const { sim, where } = box({
      remotes: [
        { url: git },
        { url: "git@backup.example.net:noc/sites.git" },
        { url: "ssh://git.example.net:22/s.git" },
      ],
      anchors: ["10.0.0.53", "[2001:db8::1]:853", "ntp.example.net:443"],
    });
    for (const door of ["10.9.9.9:443", "backup.example.net:22", "2001:db8::1:853"]) sim.reachable.add(door);

    const around = await lookForPlaces(where, signal);

    expect(around.anchors.map(({ name }) => name)).toEqual([
      "the gateway 10.0.0.1",
      "the remote git@backup.example.net:noc/sites.git",
      "[2001:db8::1]:853",
    ]);
    sim.reachable.delete("2001:db8::1:853");
    expect(await lookAround(around, signal)).toEqual({ found: "reached", lost: ["[2001:db8::1]:853"] });
  });

  it.each<[ProblemCode, boolean]>([
    ["GIT_AUTH", true],
    ["GIT_REF_MISSING", true],
    ["GIT_UNREACHABLE", false],
  ])("asks a repository that takes no connection for its head: %s", async (code, isThere) => {
    const { where } = box({ source: { head: () => Promise.reject(new Problem(code, "no")) } });
    expect((await lookForPlaces(where, signal)).git !== undefined).toBe(isThere);
  });

  it("has nothing to lose where nothing answers", async () => {
    const { answering, where } = box({ remotes: [{ url: "/srv/sites.git" }] });
    answering.clear();
    const around = await lookForPlaces(where, signal);
    expect(around).toEqual({ git: undefined, anchors: [] });
  });
});

it("knows where a remote listens", () => {
  expect(remoteDoor(git)).toEqual({ host: "git.example.net", port: 443 });
  expect(remoteDoor("http://[2001:db8::1]:3000/s.git")).toEqual({ host: "2001:db8::1", port: 3000 });
  expect(remoteDoor("ssh://git@git.example.net:2222/s.git")).toEqual({ host: "git.example.net", port: 2222 });
  expect(remoteDoor("git@git.example.net:noc/sites.git")).toEqual({ host: "git.example.net", port: 22 });
  expect(remoteDoor("/srv/sites.git")).toBeUndefined();
});

it("knows a link-local gateway by its interface, and none in what is no list of routes", () => {
  expect(gatewaysIn('[{"gateway":"fe80::1","dev":"eth0"},{"dev":"ppp0"}]')).toEqual(["fe80::1%eth0"]);
  expect(gatewaysIn("")).toEqual([]);
  expect(gatewaysIn("{}")).toEqual([]);
  expect(gatewaysIn("Error")).toEqual([]);
});

it("believes only what two looks in a row say", () => {
  const reached: Round = { found: "reached", lost: ["a"] };
  const cutOff: Round = { found: "cut-off", lost: ["git", "a"] };
  expect(believed([reached])).toBeUndefined();
  expect(believed([reached, cutOff])).toBeUndefined();
  expect(believed([cutOff, reached])).toBeUndefined();
  expect(believed([cutOff, reached, { found: "reached", lost: [] }])).toEqual({ found: "reached", lost: [] });
  expect(believed([cutOff, cutOff])).toEqual(cutOff);
});
