import { expect, it } from "vitest";
import { courier, type Courier } from "../../../../controller/notify/courier.ts";
import type { Reply } from "../../../../controller/notify/post.ts";
import { simHost, type Sim } from "../../../lab/host.ts";

type Answer = Reply | Error;
const reply = (status: number, headers: Reply["headers"] = {}, text = ""): Reply => ({ status, headers, text });

interface World {
  readonly sim: Sim;
  readonly courier: Courier<string>;
  /** When, in seconds, and what was sent; `+n` says how many were lost before. */
  readonly sent: string[];
  readonly logged: string[];
  /** The answers that come next; after them all is well. */
  readonly answers: Answer[];
  readonly ending: AbortController;
}

function world(...answers: Answer[]): World {
  const sim = simHost();
  const host = sim.start();
  const [sent, logged]: [string[], string[]] = [[], []];
  const began = sim.uptime();
  const ending = new AbortController();
  const say = (level: string) => (message: string, fields?: object) => {
    logged.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  };
  const one = courier<string>(
    {
      label: "https://chat.example.net",
      letter: async (content, lost) => ({
        url: "https://x/y",
        headers: {},
        body: `${content}${lost > 0 ? ` +${lost}` : ""}`,
      }),
    },
    {
      host,
      log: { warn: say("warn"), info: say("info") },
      signal: ending.signal,
      random: () => 0.5,
      async post({ body }) {
        // As long as any request takes.
        await host.sleep(1, ending.signal);
        sent.push(`${Math.round((sim.uptime() - began) / 1000)} ${body}`);
        const answer = answers.shift() ?? reply(204);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
  );
  return { sim, courier: one, sent, logged, answers, ending };
}

it("sends one after the other, and returns at once", async () => {
  const w = world();
  for (const text of ["a", "b", "c"]) w.courier.send(text, text);
  expect(w.sent).toEqual([]);

  await w.sim.pass(10_000);
  expect(w.sent).toEqual(["0 a", "1 b", "2 c"]);
  w.courier.send("d", "d");
  await w.sim.pass(10_000);
  expect(w.sent.at(-1)).toMatch(/ d$/);
});

it("tries again with growing pauses, and says once that it fails and once that it works again", async () => {
  const down = Object.assign(new Error("ECONNREFUSED"), { code: "ECONNREFUSED" });
  const w = world(down, down, reply(500, {}, "request 1"), reply(500, {}, "request 2"), down);
  w.courier.send("a", "a");

  await w.sim.pass(300_000);
  expect(w.sent.map((one) => Number.parseInt(one, 10))).toEqual([0, 2, 6, 14, 30, 62]);
  expect(w.logged).toEqual([
    expect.stringMatching(/^warn: a notification does not arrive .*chat\.example\.net.*ECONNREFUSED/),
    expect.stringMatching(/^warn: .*HTTP 500.*request 1/),
    expect.stringMatching(/^warn: .*ECONNREFUSED/),
    expect.stringMatching(/^info: notifications arrive again/),
  ]);
});

it("replaces what was not sent yet by what is newer about the same, also while it is on its way", async () => {
  const w = world(reply(503), reply(503));
  w.courier.send("commit 1", "pending");
  await w.sim.pass(1000);
  w.courier.send("commit 2", "other");
  w.courier.send("commit 1", "success");
  await w.sim.pass(60_000);

  expect(w.sent.map((one) => one.split(" ")[1])).toEqual(["pending", "success", "success", "other"]);
});

it.each([
  [429, { "retry-after": "120" }, 120],
  [503, { "retry-after": "Mon, 05 Jan 2026 12:05:00 GMT" }, 300],
  [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Date.UTC(2026, 0, 5, 12, 10) / 1000) }, 600],
  [429, {}, 60],
  [429, { "retry-after": "99999999" }, 3600],
  [401, {}, 600],
  [404, {}, 600],
  [302, { location: "https://elsewhere" }, 600],
])(
  "waits as long as it is asked to, or as somebody needs to change something: HTTP %i %j",
  async (status, headers, seconds) => {
    const w = world(reply(status, headers));
    w.courier.send("a", "a");

    await w.sim.pass(2 * 3_600_000);
    expect(w.sent).toEqual(["0 a", `${seconds} a`]);
  },
);

it.each([400, 413, 422])("gives a letter up that the server will never take (HTTP %i), and goes on", async (status) => {
  const w = world(reply(status, {}, "No commit found"));
  w.courier.send("a", "a");
  w.courier.send("b", "b");

  await w.sim.pass(60_000);
  expect(w.sent).toEqual(["0 a", "1 b +1"]);
  expect(w.logged[0]).toMatch(/given up: HTTP 422|given up: HTTP 4\d\d.*No commit found/);
});

it("keeps no more than fifty, and says how many were lost", async () => {
  const w = world(...Array.from({ length: 12 }, () => reply(500)));
  for (let at = 0; at < 500; at += 1) w.courier.send(String(at), `no. ${at}`);
  await w.sim.pass(24 * 3_600_000);

  const arrived = w.sent.slice(12);
  expect(arrived).toHaveLength(50);
  expect(arrived[0]).toMatch(/ no\. 450 \+450$/);
  expect(arrived[1]).toMatch(/ no\. 451$/);
});

it("gives up after a day", async () => {
  const w = world(...Array.from({ length: 10_000 }, () => reply(500)));
  w.courier.send("a", "a");
  await w.sim.pass(25 * 3_600_000);
  const tries = w.sent.length;
  expect(tries).toBeLessThan(170);
  await w.sim.pass(5 * 3_600_000);

  expect(w.sent).toHaveLength(tries);
  expect(w.logged.at(-1)).toMatch(/given up: HTTP 500/);
});

it("ends with the agent, whatever it is doing", async () => {
  const w = world(reply(500));
  w.courier.send("a", "a");
  await w.sim.pass(1000);
  w.ending.abort();
  w.courier.send("b", "b");
  await w.sim.pass(3_600_000);

  expect(w.sent).toEqual(["0 a"]);
});
