/** Every operation that there is. A verb joins here. */
import { accept } from "./accept.ts";
import { acceptDrift } from "./accept-drift.ts";
import { acceptRewrite } from "./accept-rewrite.ts";
import { adopt } from "./adopt.ts";
import { applyLocal } from "./apply-local.ts";
import { approve } from "./approve.ts";
import { bootEnvironment } from "./boot-environment.ts";
import { bootEnvironments } from "./boot-environments.ts";
import { breakglass } from "./breakglass.ts";
import { discardDrift } from "./discard-drift.ts";
import { drain } from "./drain.ts";
import { drift } from "./drift.ts";
import { endBreakglass } from "./end-breakglass.ts";
import { endLocal } from "./end-local.ts";
import { drill } from "./drill.ts";
import { history } from "./history.ts";
import type { Operation } from "./operation.ts";
import { pause } from "./pause.ts";
import { plan } from "./plan.ts";
import { rollback } from "./rollback.ts";
import { resume } from "./resume.ts";
import { retry } from "./retry.ts";
import { show } from "./show.ts";
import { status } from "./status.ts";
import { sync } from "./sync.ts";
import { why } from "./why.ts";
import { undrain } from "./undrain.ts";

export const allOperations: readonly Operation[] = [
  status,
  history,
  show,
  why,
  plan,
  sync,
  accept,
  acceptRewrite,
  adopt,
  retry,
  rollback,
  approve,
  pause,
  resume,
  drift,
  discardDrift,
  acceptDrift,
  breakglass,
  endBreakglass,
  applyLocal,
  endLocal,
  drain,
  undrain,
  bootEnvironments,
  bootEnvironment,
  drill,
];
