/** Which daemons of FRR run, and where. */
import { daemons } from "../../frr/model.ts";
import { header } from "../catalogue.ts";
import { dataplane } from "./startup.ts";

/** These two run always, and are not asked for. */
const always: readonly string[] = ["zebra", "staticd"];

/**
 * Seconds that watchfrr gives a daemon to start and read its part of frr.conf. After its own 20 it kills who is not done, and
 * tries again a minute later: a long configuration, or a slow box, would never be up.
 */
const startSeconds = 120;

/**
 * /etc/frr/daemons, for every machine: FRR does not start without it. All daemons that this product configures, whether a
 * machine needs them or not, so that OSPF or BFD can be added without a restart. The options are Debian's.
 */
export function frrDaemons(): string {
  return `${header}${daemons
    .filter((daemon) => !always.includes(daemon))
    .map((daemon) => `${daemon}=yes\n`)
    .join("")}vtysh_enable=yes
watchfrr_options="--netns=${dataplane} --restart-timeout=${startSeconds}"
zebra_options="-A 127.0.0.1 -s 90000000"
${daemons
  .filter((daemon) => daemon !== "zebra")
  .map((daemon) => `${daemon}_options="-A ${daemon === "ospf6d" ? "::1" : "127.0.0.1"}"\n`)
  .join("")}`;
}
