/** From a machine to the files that it starts from. Pure. */
import type { Machine } from "../../../schemas/machine.ts";
import { catalogue, systemFile } from "../catalogue.ts";
import type { SystemDesired } from "../model.ts";
import { authorizedKeys, kernelParameters, keyFiles, resolver, timeServers } from "./drop-ins.ts";
import { frrDaemons } from "./frr-daemons.ts";
import { managementNetwork } from "./management.ts";
import { hostnameFile, hostsFile } from "./names.ts";
import { nicList } from "./nics.ts";
import { bootFile, coreStartup, natStartup, usesNat, usesVpp } from "./startup.ts";
import { remoteSyslog } from "./syslog.ts";

/** By instance, what VPP is given when it starts; nothing of one that is left out. */
export type BootCommands = Readonly<Partial<Record<"core" | "nat", string>>>;

/** A machine has a file where it says anything that belongs in it, and what FRR does not start without. */
export function renderSystem(machine: Machine, boot: BootCommands = {}): SystemDesired {
  const texts = textsOf(machine, boot);
  return {
    files: catalogue.flatMap((managed) => {
      const text = texts[managed.path];
      return text === undefined ? [] : [systemFile(managed, text)];
    }),
  };
}

function textsOf(machine: Machine, boot: BootCommands): Readonly<Record<string, string | undefined>> {
  const { management } = machine;
  const [isVpp, isNat] = [usesVpp(machine), usesNat(machine)];
  return {
    "/etc/hostname": hostnameFile(machine),
    "/etc/hosts": hostsFile(machine),
    "/etc/sysctl.d/90-imp.conf": kernelParameters(machine),
    ...(management && {
      "/etc/systemd/network/10-imp-management.network": managementNetwork(management),
      "/etc/systemd/resolved.conf.d/10-imp.conf": resolver(management),
      "/etc/systemd/timesyncd.conf.d/10-imp.conf": timeServers(management),
      "/etc/rsyslog.d/10-imp.conf": remoteSyslog(management),
      "/etc/ssh/authorized_keys.d/root": authorizedKeys(management),
      "/etc/ssh/sshd_config.d/10-imp.conf": keyFiles(management),
    }),
    "/etc/imp/nics": nicList(machine),
    ...(isVpp && {
      "/etc/vpp/commands-core.txt": bootFile(boot.core),
      "/etc/vpp/startup-core.conf": coreStartup(machine),
    }),
    ...(isNat && { "/etc/vpp/commands-nat.txt": bootFile(boot.nat), "/etc/vpp/startup-nat.conf": natStartup(machine) }),
    "/etc/frr/daemons": frrDaemons(),
  };
}
