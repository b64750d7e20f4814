/** The catalogue of rules across appliances. docs/validation.md is generated from it. */
import { error, warning, type Rule } from "./rule.ts";

export const fleetRules = {
  "fleet-address": error(
    "An address stands on one appliance, unless its interface is marked anycast on all.",
    "Give one of the two another address, or set anycast: true on both interfaces.",
  ),
  "fleet-management-address": error("A management address is one appliance's.", "Give one of the two another address."),
  "fleet-router-id": error(
    "A router ID is one appliance's.",
    "Give each its own; the address of its loopback is a good one.",
  ),
  "fleet-identity": error(
    "A box (DMI UUID, MAC addresses) is one appliance.",
    "Correct the one that is not this box; while one takes over from another, use replaces.",
  ),
  "fleet-bgp-asn": error(
    "remote-as is the AS number that the other appliance shows.",
    "Correct remote-as here, or the AS number there.",
  ),
  "fleet-bgp-one-sided": warning(
    "A BGP session between two appliances is configured on both.",
    "Add the peer there, or remove it here.",
  ),
  "fleet-bgp-password": error(
    "A BGP session between two appliances has a password on both sides or on none.",
    "Add the password on the side that lacks it.",
  ),
  "fleet-ospf": warning(
    "Two appliances that speak OSPF on one network agree on area, MTU, network type and timers.",
    "Make both sides equal: else there is no adjacency.",
  ),
  "fleet-status": error(
    "An address that answers for the status, and its key, are one appliance's.",
    "Correct the one that was copied: `impctl fingerprint` on the box prints it.",
  ),
  "rollout-unknown": error(
    "An appliance that rollout or after names exists.",
    "Correct the name, or remove it: nobody can wait for it.",
  ),
  "rollout-circle": error(
    "No appliance goes after itself, however far around.",
    "Take one of the steps out: they would wait for each other.",
  ),
  "rollout-canary": error("The canary for images goes after nobody.", "Name the first, or change the order."),
  "rollout-redundant": warning("An order is said once.", "Remove it: it changes nothing."),
  "rollout-unasked": warning(
    "An appliance that others go after says where its status is asked.",
    "Add status to it: docs/rollout.md. Until then, they wait when both change.",
  ),
} as const satisfies Readonly<Record<string, Rule>>;
