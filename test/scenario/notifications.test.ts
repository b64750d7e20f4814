import { describe, expect, it } from "vitest";
import { startNotifications, type NotifyParts } from "../../controller/notify/notify.ts";
import type { Letter, Reply } from "../../controller/notify/post.ts";
import type { Status } from "../../controller/report/status.ts";
import { Notify } from "../../schemas/notify.ts";
import { Problem } from "../../schemas/problem.ts";
import { simHost } from "../lab/host.ts";
import { generation, story, type Story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);
const [one, two] = ["1".repeat(40), "2".repeat(40)];

/** A story whose statuses go to a webhook; what it is told is in `told`. */
function notified(send: NotifyParts["post"]): { readonly s: Story; readonly close: () => void } {
  const sim = simHost();
  const host = { ...sim.start(), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const notify = Notify.parse({ webhooks: [{ url: "https://chat.example.net/hooks" }] });
  const notifications = startNotifications({
    settings: { machine: "fra1/r1", notify },
    version: "0.0.0",
    host,
    log: { warn: () => undefined, info: () => undefined },
    mask: (text) => text,
    post: send,
  });
  const s = story({ observer: (status: Status) => notifications.observer.status?.(status) });
  s.answering.add("192.0.2.1");
  return { s, close: () => notifications.close() };
}

describe("webhooks of a whole agent", () => {
  it("tell its story in order, and nothing again after a restart", async () => {
    const told: string[] = [];
    const { s, close } = notified(async ({ body }: Letter): Promise<Reply> => {
      const { event, commit, trigger, why } = JSON.parse(body) as Record<string, string>;
      told.push([event, commit?.slice(0, 1), trigger ?? why].filter(Boolean).join(" "));
      return { status: 204, headers: {}, text: "" };
    });
    s.push(one, base);
    s.start();
    await s.rest();
    s.push(two, worse);
    await s.sim.until(() => s.status().state === "held", "held");
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    await s.sim.pass(120_000);
    s.start();
    await s.sim.pass(120_000);

    expect(told).toEqual(["started 1", "committed 1", "started 2", "rolled-back 2 health", "held 2"]);
    close();
  });

  it("that never answer, or throw at once, hold nothing up", async () => {
    for (const send of [() => new Promise<Reply>(() => undefined), () => Promise.reject(new Error("no"))]) {
      const { s, close } = notified(send);
      s.push(one, base);
      s.start();
      await s.rest();
      s.push(two, worse);
      await s.sim.until(() => s.status().state === "held", "held");

      expect(s.status()).toMatchObject({ committed: { commit: one }, lastDeployment: { outcome: "rolled-back" } });
      close();
    }
  });
});
