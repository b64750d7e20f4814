/** Ways to spoil the appliance, each with the check of `impctl doctor` that is to name it, and how it is undone. */

export interface Sabotage {
  /** The check's code. */
  readonly code: string;
  /** Shell, as root. */
  readonly spoil: string;
  readonly mend: string;
}

const state = "/persistent/config/imp";

/** They go together: spoilt in this order, mended in reverse. */
export const sabotages: readonly Sabotage[] = [
  { code: "agent", spoil: "systemctl stop imp-agent", mend: "systemctl start imp-agent" },
  { code: "failsafe", spoil: "systemctl stop imp-failsafe", mend: "systemctl start imp-failsafe" },
  { code: "frr", spoil: "systemctl stop frr", mend: "systemctl start frr" },
  {
    code: "units",
    // Until it has ended so often that this is no accident.
    spoil: `mv /usr/bin/vpp /usr/bin/vpp.gone; systemctl kill --signal=KILL vpp-core
for try in $(seq 300); do [ "$(systemctl show --value -p NRestarts vpp-core)" -gt 2 ] && break; sleep 1; done`,
    mend: "mv /usr/bin/vpp.gone /usr/bin/vpp; systemctl restart vpp-core",
  },
  {
    code: "syslog",
    spoil: "cp -p /etc/rsyslog.d/10-imp.conf /root/; echo 'action(type=' >>/etc/rsyslog.d/10-imp.conf",
    mend: "cp -p /root/10-imp.conf /etc/rsyslog.d/",
  },
  {
    code: "clock",
    // A clock that is set counts as one that nobody goes by.
    spoil: 'systemctl stop systemd-timesyncd; date -s "$(date)"',
    mend: "systemctl start systemd-timesyncd",
  },
  { code: "machine-id", spoil: ": >/etc/machine-id", mend: `cat ${state}/identity/machine-id >/etc/machine-id` },
  {
    code: "permissions",
    spoil: `chmod 0644 ${state}/git-token`,
    mend: `chmod 0600 ${state}/git-token`,
  },
  { code: "age-key", spoil: `mv ${state}/age.key /root/`, mend: `mv /root/age.key ${state}/` },
  {
    code: "allowed-signers",
    spoil: `cp -p ${state}/allowed_signers /root/; : >${state}/allowed_signers`,
    mend: `cp -p /root/allowed_signers ${state}/`,
  },
  {
    code: "committed",
    spoil: `readlink ${state}/committed.d/default >/root/link; ln -sfn ../generations/none ${state}/committed.d/default`,
    mend: `ln -sfn "$(cat /root/link)" ${state}/committed.d/default`,
  },
  {
    code: "cache-folder",
    spoil: "mount -t tmpfs -o size=64k tmpfs /persistent/data/imp; cat /dev/zero >/persistent/data/imp/all || :",
    mend: "umount /persistent/data/imp",
  },
  { code: "state-folder", spoil: "mount -o remount,ro /persistent", mend: "mount -o remount,rw /persistent" },
];
