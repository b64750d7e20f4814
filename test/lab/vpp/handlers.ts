/** What answers requests in the simulated VPP: functions by the message's name, typed by the product's table of messages. */
import type { DumpName, Dumps, Fields, RequestName, Requests } from "../../../reconcilers/vpp/api/messages.ts";
import type { State } from "./state.ts";

/** A return value alone, or the fields of the reply; throws Died. */
export type Answer<M extends RequestName> = number | (Fields<Requests[M]["reply"]> & { readonly retval?: number });

export type Calls = {
  readonly [M in RequestName]?: (vpp: State, request: Requests[M]["request"]) => Answer<M>;
};

export type DumpsOf = {
  readonly [M in DumpName]?: (vpp: State, request: Dumps[M]["request"]) => Iterable<Fields<Dumps[M]["details"]>>;
};

/** One page of a paged get: more follow when retval is -165. */
export interface Page<M extends DumpName> {
  readonly details: readonly Fields<Dumps[M]["details"]>[];
  readonly cursor: number;
  readonly retval: number;
}

export type PagesOf = {
  readonly [M in "lcp_itf_pair_get" | "lldp_dump"]?: (vpp: State, request: Dumps[M]["request"]) => Page<M>;
};
