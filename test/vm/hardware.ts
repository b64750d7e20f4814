/** What a virtual machine is made of: QEMU's command line. */

/** What the appliance's kernel and the machine file call its NICs. Only the first one leads anywhere. */
export const nics = {
  management: { mac: "52:54:00:12:34:01", slot: "0x10" },
  external: { mac: "52:54:00:12:34:02", slot: "0x11", pci: "0000:00:11.0" },
} as const;

export interface Drive {
  /** What its serial number says. */
  readonly name: string;
  readonly file: string;
  readonly format: "raw" | "qcow2";
  /** `lost`: what is written is gone when it is switched off. */
  readonly writes: "kept" | "lost" | "refused";
}

export interface Hardware {
  /** Or a program for its firmware. */
  readonly kernel: string;
  readonly initrd?: string;
  /** Instead of QEMU's own BIOS. */
  readonly firmware?: string;
  /** The kernel's command line. */
  readonly line: string;
  readonly drives: readonly Drive[];
  /** Private; its other half lets root in. */
  readonly sshKey: string;
  /** A device that resets the machine when nobody tends it. */
  readonly watchdog?: true;
  /** A file of 64 KiB that stands for what firmware keeps of a panic. */
  readonly crashes?: string;
  /** Path of a socket on which QEMU takes commands. */
  readonly monitor?: string;
}

/** Words for the kernel that spare what costs time where every instruction is emulated. */
export const spared =
  "quiet console=ttyS0 panic=10 net.ifnames=0 mitigations=off modprobe.blacklist=aesni_intel,cfg80211,i2c_i801,iTCO_wdt,kvm_amd,kvm_intel,pcspkr";

/**
 * A machine without hardware help, with so much memory, and nothing in it yet. Its clocks count its instructions, four nanoseconds
 * each: where the host has other work its time goes slower too, and no time limit in it is over early. The processor is an old one:
 * what newer ones have for long vectors is slow where it is emulated.
 */
export function emulated(mebibytes: number): readonly string[] {
  const machine =
    "-machine q35 -accel tcg,thread=single,tb-size=512 -icount shift=2 -cpu Nehalem -smp 1 -nodefaults -no-user-config -display none";
  return [...machine.split(" "), "-m", String(mebibytes), "-device", "virtio-rng-pci"];
}

export function driveArguments({ name, file, format, writes }: Drive): readonly string[] {
  const more = { kept: "", lost: ",snapshot=on", refused: ",readonly=on" }[writes];
  return [
    "-drive",
    `if=none,id=${name},file=${file},format=${format},cache=unsafe,discard=unmap${more}`,
    "-device",
    `virtio-blk-pci,drive=${name},serial=${name}`,
  ];
}

export interface Run {
  /** Where the console's words go. */
  readonly log: string;
  /** Of this machine, which leads to the appliance's SSH. */
  readonly port: number;
  /** Further words for the kernel. */
  readonly words: readonly string[];
}

export function qemuArguments(hardware: Hardware, { log, port, words }: Run): readonly string[] {
  const { kernel, initrd, firmware, line, drives, watchdog, crashes, monitor } = hardware;
  const nic = (name: keyof typeof nics, peer: string) => [
    "-netdev",
    `${peer},id=${name}`,
    "-device",
    `virtio-net-pci,netdev=${name},mac=${nics[name].mac},addr=${nics[name].slot}`,
  ];
  return [
    ...emulated(2048),
    "-chardev",
    `file,id=console,path=${log},append=on`,
    "-serial",
    "chardev:console",
    ...(firmware === undefined ? [] : ["-bios", firmware]),
    "-kernel",
    kernel,
    ...(initrd === undefined ? [] : ["-initrd", initrd]),
    "-append",
    [line, ...words].join(" "),
    ...drives.flatMap(driveArguments),
    ...nic("management", `user,hostfwd=tcp:127.0.0.1:${port}-:22`),
    // Nobody is at the other end.
    ...nic("external", "hubport,hubid=1"),
    ...(watchdog ? ["-device", "i6300esb", "-watchdog-action", "reset"] : []),
    ...(crashes === undefined ? [] : ["-object", `memory-backend-file,id=erst,mem-path=${crashes},size=64K,share=on`]),
    ...(crashes === undefined ? [] : ["-device", "acpi-erst,memdev=erst"]),
    ...(monitor === undefined ? [] : ["-monitor", `unix:${monitor},server=on,wait=off`]),
  ];
}
