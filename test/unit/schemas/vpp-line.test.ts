import { describe, expect, it } from "vitest";
import { RawVpp } from "../../../schemas/raw.ts";
import { wrongVppLine } from "../../../schemas/vpp-line.ts";

describe("a raw line for VPP", () => {
  it.each([
    "set ip neighbor-config ip4 limit 1",
    "create interface memif id 0 socket-id 7 master",
    "delete interface memif memif7/0",
    "det44 plugin enable",
    "set interface det44 inside memif1/0",
    "set interface det44 inside delta outside delta.5",
    "policer input name unamed external",
    "set interface ip address del loop0 10.0.0.1/24",
    "ip table del 7",
    "define other 1",
  ])("may be %s", (line) => expect(wrongVppLine(line)).toBeUndefined());

  it.each([
    ["# note", "it is a comment"],
    [" #pause", "it is a comment"],
    ["exec /etc/lines", "nobody knows what the file holds"],
    ["define imp 3", "counts the boot commands"],
    ["det44 plugin disable", "leaves det44 on its interfaces"],
    ["set int det44 inside memif1/0 outside memif2/0 del", "once more instead of taking it off"],
    ["set interface det44 del inside memif1/0", "once more instead of taking it off"],
    ["policer input unapply name a external", "crashes of taking a policer off"],
    ["policer output name a external unapply", "crashes of taking a policer off"],
    ["delete tap tap7", "Describe it under taps."],
    ["delete host-interface name eth1", "Describe it under interfaces."],
    ["delete bond BondEthernet0", "Describe it under bonds."],
    ["delete sub-interface e.5", "Describe it under sub-interfaces."],
    ["delete loopback interface intfc loop0", "Describe it under loopbacks."],
    ["bvi delete bvi6", "Describe it under bridges."],
    ["abf policy add id 1 acl 0 via 10.0.0.1", "VPP crashes of ABF commands"],
  ])("is not %s, neither done nor undone", (line, why) => {
    for (const lines of [
      { commands: [line], undo: [] },
      { commands: ["show version"], undo: [line] },
    ]) {
      const { error } = RawVpp.safeParse({ a: { ...lines, impact: "flap" } });
      expect(error?.issues.map(({ message }) => message)).toEqual([
        expect.stringMatching(new RegExp(`^must not be said to VPP: .*${why}`)),
      ]);
    }
  });
});
