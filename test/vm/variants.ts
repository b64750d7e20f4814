/** Images to go on to, each what the appliance runs but for a few files. */

export interface Variant {
  readonly name: string;
  readonly version: string;
  /** Path below the root → what stands there instead; `was` is what stands there now. */
  readonly files: Readonly<Record<string, (was: string) => string>>;
}

const always = (text: string) => () => text;

/** Runs before everything that could keep it from running. */
const panics = `[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger'
`;

const release = (version: string) => (was: string) => `${was}IMAGE_VERSION=${version}\n`;

/** Its agent asks VPP for something in its start file that the VPP of the one before refuses. */
const newer: Variant["files"] = {
  "usr/lib/imp/impctl.cjs": (was) => replaced(was, /("lcp-sync")\s*\]/g, '$1, "imp-next"]'),
  "usr/share/vpp/imp-next": always("known\n"),
  "var/lib/dpkg/status": (was) => replaced(was, /^(Package: vpp\n(?:.+\n)*?Version: )26\.06/gm, "$126.10"),
};

function replaced(text: string, pattern: RegExp, by: string): string {
  const found = text.match(pattern)?.length ?? 0;
  if (found !== 1) throw new Error(`${pattern} stands ${found} times where it is to stand once`);
  return text.replace(pattern, by);
}

function variant(version: string, files: Variant["files"]): Variant {
  return { name: `imp-v${version}`, version, files: { "usr/lib/os-release": release(version), ...files } };
}

export const next = variant("1.1.0", newer);

/** None of these proves itself. */
export const bad = {
  /** A program that a health check runs ends badly. */
  ill: variant("1.2.1", { "usr/local/bin/well": always("#!/bin/sh\nexit 1\n") }),
  panics: variant("1.2.2", {
    "etc/systemd/system/panics.service": always(panics),
    "etc/systemd/system/sysinit.target.d/panics.conf": always("[Unit]\nWants=panics.service\n"),
  }),
  /** Nothing of it ever runs, and nothing says so. */
  hangs: variant("1.2.3", {
    "usr/sbin/init": always("#!/bin/sh\necho it hangs >/dev/console\nwhile :; do sleep 3600; done\n"),
  }),
  agentless: variant("1.2.4", {
    "etc/systemd/system/imp-agent.service": always("[Service]\nType=oneshot\nExecStart=/bin/true\n"),
  }),
} as const satisfies Readonly<Record<string, Variant>>;

export const variants: readonly Variant[] = [next, ...Object.values(bad)];
