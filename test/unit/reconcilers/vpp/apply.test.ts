/** The order in which steps go out, by what VPP was sent before it answered. */
import { describe, expect, it } from "vitest";
import type { Vpp } from "../../../../reconcilers/vpp/api/vpp.ts";
import { carryOut } from "../../../../reconcilers/vpp/apply.ts";
import { Remembered } from "../../../../reconcilers/vpp/memory.ts";
import type { ObjectStep, VppObject } from "../../../../reconcilers/vpp/model.ts";
import { Names } from "../../../../reconcilers/vpp/wire/names.ts";
import { Problem } from "../../../../schemas/problem.ts";

/** Answers only when it is told to, in order. */
class SlowVpp {
  readonly sent: string[] = [];
  private readonly waiting: { readonly message: string; answer(refused: boolean): void }[] = [];
  private next = 1;

  readonly vpp: Vpp = {
    version: "26.06-release",
    incarnation: "run 1",
    ended: new AbortController().signal,
    has: () => true,
    call: (message: string, fields: object) => this.ask(message, fields),
    dump: () => Promise.resolve([]),
    dumpMany: () => Promise.resolve([]),
    cli: () => Promise.resolve(""),
    close: () => undefined,
  } as Vpp;

  /** Answers the oldest requests. */
  async answer(count: number, refused = false): Promise<void> {
    await turn();
    for (const one of this.waiting.splice(0, count)) one.answer(refused);
    await turn();
  }

  private ask(message: string, fields: object): Promise<never> {
    this.sent.push(`${message} ${Object.values(fields).join(" ")}`.trim());
    return new Promise((resolve, reject) => {
      this.waiting.push({
        message,
        answer: (refused) => {
          if (refused) reject(new Problem("VPP_REFUSED", `VPP refused ${message}: UNSPECIFIED (-1).`));
          else resolve({ retval: 0, sw_if_index: this.next++, acl_index: 7 } as never);
        },
      });
    });
  }
}

/** Whatever is ready to run has run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function add(after: VppObject): ObjectStep {
  const id = `vpp/core/${after.kind}/${"name" in after ? after.name : "x"}`;
  return { id, kind: "add", impact: "hitless", needs: [], provides: [], releases: [], instance: "core", after };
}

const loop = (number: number): VppObject => ({ kind: "loopback", name: `loop${number}` });
const address = (number: number): VppObject => ({
  kind: "address",
  on: `loop${number}`,
  address: `10.0.0.${number}/32`,
});

function start(steps: readonly ObjectStep[]) {
  const slow = new SlowVpp();
  const place = { vpp: slow.vpp, names: new Names(), pause: turn, save: turn, remembered: new Remembered(true) };
  const done: string[] = [];
  const ended = (async () => {
    for await (const step of carryOut(steps, () => place, new AbortController().signal)) done.push(step.id);
  })();
  ended.catch(() => undefined);
  return { slow, done, ended, place };
}

describe("steps for VPP", () => {
  it("go out together as long as they mention nothing that is not known", async () => {
    const { slow, done, ended } = start([add(loop(1)), add(loop(2)), add(loop(3))]);
    await turn();
    expect(slow.sent).toHaveLength(3);
    expect(done).toEqual([]);
    await slow.answer(3);
    await ended;
    expect(done).toEqual(["vpp/core/loopback/loop1", "vpp/core/loopback/loop2", "vpp/core/loopback/loop3"]);
  });

  it("wait for the number of an interface that they mention, and for nothing else", async () => {
    const { slow, ended } = start([add(loop(1)), add(loop(2)), add(address(1)), add(address(2))]);
    await turn();
    expect(slow.sent).toHaveLength(2);
    await slow.answer(1);
    expect(slow.sent.slice(2)).toEqual(["sw_interface_add_del_address 1 true 10.0.0.1/32"]);
    await slow.answer(1);
    expect(slow.sent.slice(3)).toEqual(["sw_interface_add_del_address 2 true 10.0.0.2/32"]);
    await slow.answer(2);
    await ended;
  });

  it("are not sent any more once one was refused, which is told with what it was for", async () => {
    const { slow, done, ended } = start([add(loop(1)), add(loop(2)), add(address(1)), add(loop(3))]);
    await turn();
    await slow.answer(1);
    await slow.answer(1, true);
    await slow.answer(9);
    await expect(ended).rejects.toThrow("core: add loopback loop2: VPP refused create_loopback_instance");
    expect(done).toEqual(["vpp/core/loopback/loop1"]);
  });

  it("go alone where VPP takes a wrong one badly", async () => {
    const paths = [{ via: "192.0.2.1" }];
    const { slow, ended } = start([
      add({ kind: "acl", tag: "steer", rules: [] }),
      add({ kind: "abf-policy", id: 1, acl: "steer", paths }),
      add(loop(1)),
    ]);
    await turn();
    expect(slow.sent.map((one) => one.split(" ")[0])).toEqual(["acl_add_replace"]);
    await slow.answer(1);
    expect(slow.sent.map((one) => one.split(" ")[0])).toEqual(["acl_add_replace", "abf_policy_add_del"]);
    await slow.answer(1);
    expect(slow.sent).toHaveLength(3);
    await slow.answer(1);
    await ended;
  });

  it("never are more than 512 under way, and go out by the half of that", async () => {
    const { slow, ended } = start(Array.from({ length: 600 }, (_, at) => add(loop(at))));
    await turn();
    expect(slow.sent).toHaveLength(512);
    await slow.answer(255);
    expect(slow.sent).toHaveLength(512);
    await slow.answer(1);
    expect(slow.sent).toHaveLength(600);
    await slow.answer(600);
    await ended;
  });
});
