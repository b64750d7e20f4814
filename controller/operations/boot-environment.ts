import { printable } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import type { EnvironmentOrder, EnvironmentVerb } from "../boot-environments.ts";
import { reasonIn, textIn, type Answer, type Operation } from "./operation.ts";

const verbs: readonly EnvironmentVerb[] = ["pin", "unpin", "rm", "activate"];

/** `impctl be pin|unpin|rm|activate`. */
export const bootEnvironment: Operation = {
  name: "boot-environment",
  changes: true,
  check: (asked) => void orderIn(asked),
  async run(agent, asked, signal) {
    const message = await agent.changeEnvironment(orderIn(asked), signal);
    agent.polls.hasten();
    return { message };
  },
};

/** Throws USAGE where it makes no sense. Only what is to be kept needs a reason. */
export function orderIn(asked: Answer): EnvironmentOrder {
  const verb = verbs.find((one) => one === asked["verb"]);
  if (!verb) throw new Problem("USAGE", `a boot environment can be told ${verbs.join(", ")}.`);
  const reason = verb === "pin" || asked["reason"] !== undefined ? printable(reasonIn(asked)) : "";
  return { verb, name: textIn(asked, "name"), reason };
}
