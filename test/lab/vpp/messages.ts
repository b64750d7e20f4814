/** All that the simulated VPP answers, by message: the table that both sides share, and who handles what. */
import { readFileSync } from "node:fs";
import { readTable } from "../../../reconcilers/vpp/api/table.ts";
import { advertisementCalls, advertisementDumps } from "./advertisements.ts";
import { vrrpCalls, vrrpDumps } from "./vrrp.ts";
import { limitCalls, limitDumps } from "./limits.ts";
import { aclCalls, aclDumps } from "./acls.ts";
import { addressCalls, addressDumps } from "./addresses.ts";
import { bridgeCalls, bridgeDumps } from "./bridges.ts";
import { messageForms } from "./codec.ts";
import { deviceCalls, deviceDumps } from "./devices.ts";
import { interfaceCalls, interfaceDumps } from "./interfaces.ts";
import { linuxCalls, linuxPages } from "./linux.ts";
import { natCalls, natDumps } from "./nat.ts";
import { removalCalls } from "./removal.ts";
import { routeCalls, routeDumps } from "./routes.ts";
import type { State } from "./state.ts";
import { subinterfaceCalls } from "./subinterfaces.ts";
import { vpeCalls, vpeDumps } from "./vpe.ts";

export const table = readTable(
  readFileSync(new URL("../../../reconcilers/vpp/api/messages.def", import.meta.url), "utf8"),
);
export const forms = messageForms(table);

type Values = Readonly<Record<string, unknown>>;

/** Handlers are typed where they are written; here they are looked up by what came over the wire. */
export const calls = {
  ...vpeCalls,
  ...interfaceCalls,
  ...subinterfaceCalls,
  ...deviceCalls,
  ...removalCalls,
  ...linuxCalls,
  ...addressCalls,
  ...routeCalls,
  ...aclCalls,
  ...bridgeCalls,
  ...advertisementCalls,
  ...vrrpCalls,
  ...limitCalls,
  ...natCalls,
} as unknown as Readonly<Record<string, (vpp: State, request: Values) => number | Values>>;

export const dumps = {
  ...vpeDumps,
  ...interfaceDumps,
  ...deviceDumps,
  ...addressDumps,
  ...routeDumps,
  ...aclDumps,
  ...bridgeDumps,
  ...advertisementDumps,
  ...vrrpDumps,
  ...limitDumps,
  ...natDumps,
} as unknown as Readonly<Record<string, (vpp: State, request: Values) => Iterable<Values>>>;

export const pages = linuxPages as unknown as Readonly<
  Record<
    string,
    (
      vpp: State,
      request: Values,
    ) => { readonly details: readonly Values[]; readonly cursor: number; readonly retval: number }
  >
>;

/** What sessions answer themselves. */
const ofSessions = [
  "sockclnt_create",
  "sockclnt_delete",
  "control_ping",
  "get_api_json",
  "cli_inband",
  "want_interface_events",
];

/** Requests without a handler are not known here, as without their plugin. */
export const services = table.services.filter(
  ({ request }) => request in calls || request in dumps || request in pages || ofSessions.includes(request),
);

/** Names of all messages that are known: requests, replies, details and events. */
export const known: readonly string[] = services.flatMap(({ request, reply, details, events }) => [
  request,
  ...(reply === undefined ? [] : [reply]),
  ...(details === undefined ? [] : [details]),
  ...events,
]);
