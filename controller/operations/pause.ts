import { term } from "../term.ts";
import { durationIn, reasonIn, type Operation } from "./operation.ts";

/** `impctl pause --reason --for`: nothing is armed for so long; what is in flight goes on. */
export const pause: Operation = {
  name: "pause",
  changes: true,
  check: (asked) => void [reasonIn(asked), durationIn(asked)],
  async run(agent, asked) {
    const said = { reason: reasonIn(asked), term: term(agent.clock, durationIn(asked)) };
    await agent.memory().remember((ledger) => ({ ...ledger, pause: said }));
    agent.polls.hasten();
    const { deployment } = agent.status();
    return {
      until: new Date(said.term.from + said.term.ms).toISOString(),
      ...(deployment && { "in flight": `deployment ${deployment.id}, which goes on` }),
    };
  },
};
