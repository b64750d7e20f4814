/** Every check of `impctl doctor`, in the order in which they are shown: what others rest on comes first. */
import type { Check } from "./check.ts";
import { fileChecks } from "./files.ts";
import { frrChecks } from "./frr.ts";
import { poolChecks } from "./pool.ts";
import { repositoryChecks } from "./repository.ts";
import { syslogChecks } from "./syslog.ts";
import { unitChecks } from "./units.ts";
import { vppChecks } from "./vpp.ts";

export const allChecks: readonly Check[] = [
  ...fileChecks,
  ...poolChecks,
  ...repositoryChecks,
  ...unitChecks,
  ...syslogChecks,
  ...frrChecks,
  ...vppChecks,
];
