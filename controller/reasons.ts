/**
 * Every reason for which something is not done, or was undone, by one code: shared by status, `impctl why`, metrics, log,
 * history and docs/reasons.md, which is generated from these tables. The sets are closed, so that a label can hold them.
 */

/** Why a target is not armed although it is wanted: code → what it means and what ends it. In the order in which guards ask. */
export const waits = {
  stranded: "Rolling back did not succeed; the box is left as it forwards. `impctl rollback` tries again.",
  "observe-only": "The agent's settings say `mode: observe`.",
  paused:
    "The repository (`policy.pause`) or an operator (`impctl pause`) says so. `impctl resume` ends the operator's.",
  "break-glass": "An operator works on the box by hand (`impctl breakglass`). It ends by itself.",
  "boot-environment":
    "Another boot environment runs than boots next: somebody chose it in the boot menu. `impctl be activate`, a reboot or `impctl approve` ends it.",
  held: "The generation failed here. Another one, `impctl retry --reason` or a signed `Imp-Retry:` ends it.",
  backoff: "The generation ended without a result; it is tried again later, at most twice.",
  "not-adopted": "Nothing was ever committed here, and the box is not empty: `impctl adopt --accept`.",
  blocked: "The plan must not be carried out, or the planes cannot be observed; the problem says why.",
  image: "The image that it asks for is not in the pool yet; `impctl status` says how far it is.",
  prerequisites: "Rolling back could not be relied on: target, disk space or failsafe are not in order.",
  removal: "The plan removes unusually much: `Imp-Allow-Removal: reason` in the commit, or `impctl approve`.",
  drift: "The plan would revert what somebody changed by hand: `impctl drift accept|discard`.",
  rollout: "An appliance that goes first has not proven the commit yet.",
  approval: "Policy wants an approval for this impact: `impctl approve` or a signed tag.",
  clock: "Windows for this impact need a synchronised clock.",
  window: "It waits for a maintenance window that is long enough, or for `impctl approve`.",
  impact: "Policy allows no such impact at any time: a window, or `impctl approve`.",
  limit:
    "Too many corrections or reboots in the time that they are counted in, or an image had both of its trial boots: `impctl retry --reason` lets it have two more.",
} as const satisfies Readonly<Record<string, string>>;

export type Wait = keyof typeof waits;

/** What made a deployment roll back. */
export const triggers = {
  apply: "A step could not be carried out.",
  "read-back": "What was read back after applying differs from what was wanted.",
  health: "A check that was green, or something that was well, stayed red.",
  deadline: "It was not proven in time.",
  reachability: "The sites repository or every anchor was not reachable any more.",
  drill: "`impctl be drill`: the way into a trial and back was tried, with what runs, and it works.",
  trial: "A trial boot came back, and nobody had committed it: a panic, the deadline, a watchdog, the power.",
  crash: "The agent or the appliance stopped in the middle.",
  "pre-empted": "A newer commit arrived while it was failing.",
  failsafe: "The agent did not do it in time, and the failsafe did.",
  external: "Somebody or something else put the appliance back: the console, the boot menu.",
  probation: "Something got worse in the time after the commit, and policy says to roll back.",
  operator: "An operator asked for it.",
} as const satisfies Readonly<Record<string, string>>;

export type Trigger = keyof typeof triggers;
