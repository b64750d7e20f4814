/** What was read of an appliance that somebody configured by hand: what a machine file is made of. */
import type { FrrObserved } from "../../reconcilers/frr/model.ts";
import type { VppObserved } from "../../reconcilers/vpp/model.ts";

export interface Found {
  /** Its name in the machine file. */
  readonly hostname: string | undefined;
  readonly frr: FrrObserved;
  readonly vpp: VppObserved;
}
