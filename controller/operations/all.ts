/** Every operation that there is. A verb joins here. */
import { accept } from "./accept.ts";
import { acceptRewrite } from "./accept-rewrite.ts";
import { adopt } from "./adopt.ts";
import { discardDrift } from "./discard-drift.ts";
import { drift } from "./drift.ts";
import { history } from "./history.ts";
import type { Operation } from "./operation.ts";
import { plan } from "./plan.ts";
import { retry } from "./retry.ts";
import { show } from "./show.ts";
import { status } from "./status.ts";
import { sync } from "./sync.ts";

export const allOperations: readonly Operation[] = [
  status,
  history,
  show,
  plan,
  sync,
  accept,
  acceptRewrite,
  adopt,
  retry,
  drift,
  discardDrift,
];
