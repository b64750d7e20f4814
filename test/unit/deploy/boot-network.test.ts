/** imp-boot's part in the network: namespace and NICs of the dataplane, the containers' pair, management and its fallback. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BootBox, makeBootBox } from "../../lab/boot-box.ts";
import { shells } from "../../lab/failsafe-box.ts";

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-boot under ${shell.title}`, () => {
    let box: BootBox;
    beforeEach(() => {
      box = makeBootBox(shell);
    });
    afterEach(() => box[Symbol.dispose]());

    const networks = "run/systemd/network";

    describe("namespace", () => {
      it("makes it, and finds it the next time", () => {
        expect(box.boot("namespace")).toEqual({ exitCode: 0, text: "The namespace dataplane is there.\n" });
        expect(box.calls()).toContain("ip netns add dataplane");
        expect(box.boot("namespace").exitCode).toBe(0);
        expect(box.calls()).toEqual(["ip -n dataplane link set lo up"]);
      });

      it("fails where it cannot be made, so that systemd tries again", () => {
        box.fake("ip", "exit 1");
        expect(box.boot("namespace")).toEqual({ exitCode: 1, text: "The namespace dataplane could not be made.\n" });
      });

      describe("of which ip says nothing good", () => {
        const mounted = "23 22 0:4 net:[4026532181] /run/netns/dataplane rw shared:1 - nsfs nsfs rw\n";
        /** Its loopback cannot be raised until it was made anew. */
        const answers = (pids: string) =>
          box.fake(
            "ip",
            `cd ${box.folder}
case "$*" in
"-n dataplane link set lo up") [ -e anew ] ;;
"netns pids dataplane") ${pids} ;;
"netns delete dataplane") : >deleted ;;
"netns add dataplane") : >anew ;;
esac`,
          );
        beforeEach(() => box.write("proc/self/mountinfo", `${box.read("proc/self/mountinfo")}${mounted}`));

        it.each([
          ["has processes", "echo 812"],
          ["cannot be asked for processes", "exit 1"],
        ])("leaves it alone where it %s, and fails", (_, pids) => {
          answers(pids);
          expect(box.boot("namespace")).toEqual({
            exitCode: 1,
            text: "The namespace dataplane does not answer, and may be in use: it stays.\n",
          });
          expect([box.read("deleted"), box.read("anew")]).toEqual([undefined, undefined]);
        });

        it("makes it anew where nobody is in it, or its name leads nowhere", () => {
          answers("exit 0");
          expect(box.boot("namespace").exitCode).toBe(0);
          expect(box.read("deleted")).toBe("");
          box.remove("anew");
          box.mounted("zfs tank/ROOT/v2");
          answers("echo 812");
          expect(box.boot("namespace").exitCode).toBe(0);
        });
      });
    });

    describe("nics", () => {
      beforeEach(() => {
        box.boot("namespace");
        box.port("eno1", { pci: "0000:00:1f.6", mac: "02:00:00:00:00:10" });
        box.port("eth0", { pci: "0000:03:00.0", mac: "02:00:00:00:00:20" });
        box.port("eth1", { pci: "0000:03:00.1", mac: "02:00:00:00:00:21" });
      });
      const nics = (...lines: string[]) => box.write("etc/imp/nics", lines.map((line) => `${line}\n`).join(""));

      it("moves those of the list, by PCI address, MAC address or name, and no other", () => {
        box.port("veth9", { pci: "0000:04:00.0" });
        nics("external - 0000:03:00.0 -", "internal - - 02:00:00:00:00:21", "lab veth9 - -");
        expect(box.boot("nics")).toEqual({
          exitCode: 0,
          text: "NIC external (eth0) is moved.\nNIC internal (eth1) is moved.\nNIC lab (veth9) is moved.\n",
        });
        expect([box.list("namespace"), box.list("sys/class/net")]).toEqual([["eth0", "eth1", "veth9"], ["eno1"]]);
        expect(box.boot("nics")).toEqual({ exitCode: 0, text: "There is no NIC to be moved.\n" });
      });

      it("finds a virtio NIC by its PCI address, and asks by DHCP on none that is the dataplane's", () => {
        box.port("ens3", { pci: "0000:00:03.0/virtio2" });
        nics("external - 0000:00:03.0 -");
        box.boot("management");
        expect(box.read(`${networks}/99-imp-fallback.network`)).toContain("Name=eno1 eth0 eth1\n");
        expect(box.boot("nics").text).toBe("NIC external (ens3) is moved.\n");
      });

      it("believes a name only where nothing better is known", () => {
        nics("external eno1 0000:03:00.0 -");
        expect(box.boot("nics").text).toBe("NIC external (eth0) is moved.\n");
      });

      it("knows a NIC by the MAC address that it was made with", () => {
        box.fake(
          "ip",
          `case "$*" in *"show dev eth1") echo "3: eth1 link/ether 02:00:00:00:00:21 permaddr 02:00:00:00:00:99";; esac`,
        );
        nics("external - - 02:00:00:00:00:99");
        expect(box.boot("nics").text).toBe("NIC external (eth1) is moved.\n");
      });

      it("says which is missing, moves the rest, and does not fail", () => {
        nics("external - 0000:09:00.0 -", "other eth7 - -", "internal - 0000:03:00.1 -");
        expect(box.boot("nics")).toEqual({
          exitCode: 0,
          text: "NIC internal (eth1) is moved.\nNIC external was not found.\nNIC other was not found.\n",
        });
        expect(box.banner()).toContain("NIC external was not found.");
      });

      it("waits for a NIC whose driver is slow", () => {
        nics("external - 0000:03:00.0 -", "late eth5 - -");
        box.env["IMP_WAIT"] = "3";
        box.fake("sleep", `mkdir -p ${box.folder}/sys/class/net/eth5`);
        expect(box.boot("nics").text).toBe("NIC external (eth0) is moved.\nNIC late (eth5) is moved.\n");
        expect(box.calls().filter((call) => call.startsWith("sleep"))).toEqual(["sleep 1"]);
      });

      it("does not miss a NIC that VPP has already, by a driver of its own", () => {
        box.link("sys/bus/pci/devices/0000:05:00.0/driver", "../../../../bus/pci/drivers/vfio-pci");
        nics("external - 0000:05:00.0 -");
        expect(box.boot("nics").text).toBe("There is no NIC to be moved.\n");
      });

      it("gives back what it moved and is not listed any more", () => {
        nics("external - 0000:03:00.0 -", "internal - 0000:03:00.1 -");
        box.boot("nics");
        nics("external - 0000:03:00.0 -");
        expect(box.boot("nics").text).toBe("NIC internal (eth1) is not listed any more: it is back.\n");
        expect([box.list("namespace"), box.list("sys/class/net")]).toEqual([["eth0"], ["eno1", "eth1"]]);
        box.remove("etc/imp/nics");
        box.boot("nics");
        expect(box.list("sys/class/net")).toEqual(["eno1", "eth0", "eth1"]);
      });

      it("keeps what it could not give back in mind, says so, and tries again", () => {
        nics("external - 0000:03:00.0 -", "internal - 0000:03:00.1 -");
        box.boot("nics");
        nics("external - 0000:03:00.0 -");
        renameSync(join(box.folder, "namespace/eth1"), join(box.folder, "taken"));
        expect(box.boot("nics").text).toContain(
          "NIC internal (eth1) is not listed any more, and could not be given back.\n",
        );
        renameSync(join(box.folder, "taken"), join(box.folder, "namespace/eth1"));
        expect(box.boot("nics").text).toBe("NIC internal (eth1) is not listed any more: it is back.\n");
      });

      describe("that management needs", () => {
        const file = () => `${box.etc}/systemd/network/10-imp-management.network`;
        const kept = "NIC internal (eth1) is moved.\nNIC external (eno1) carries management: it is not moved.\n";
        const moved = "NIC external (eno1) is moved.\nNIC internal (eth1) is moved.\n";
        beforeEach(() => nics("external - 0000:00:1f.6 -", "internal - 0000:03:00.1 -"));
        const settled = () => {
          box.remove("sys/class/net/eno1");
          box.port("eno1", { pci: "0000:00:1f.6", file: file(), address: "192.0.2.9/24" });
        };

        it.each<[string, () => void]>([
          ["its address", settled],
          [
            "its address on a VLAN",
            () => {
              box.write("sys/class/net/eno1/upper_eno1.7/ifindex", "");
              box.write("sys/class/net/eno1.7/ifindex", "77\n");
              box.write("run/systemd/netif/links/77", `NETWORK_FILE=${file()}\n`);
              box.write("address/eno1.7", "77: eno1.7 inet 192.0.2.9/24 scope global\n");
            },
          ],
          ["the way out", () => box.write("route", "default via 192.0.2.1 dev eno1 proto dhcp metric 1024\n")],
          ["the way out by IPv6", () => box.write("route6", "default via fe80::1 dev eno1 proto ra metric 1024\n")],
        ])("are not moved where they have %s, and the others are", (_, make) => {
          make();
          expect(box.boot("nics")).toEqual({ exitCode: 0, text: kept });
          expect(box.list("namespace")).toEqual(["eth1"]);
          expect(box.banner()).toContain("NIC external (eno1) carries management");
        });

        it("are moved where another port has address and way out, which is waited for", () => {
          settled();
          box.write("route", "default via 192.0.2.1 dev eno1 proto dhcp\n");
          box.env["IMP_WAIT"] = "3";
          box.fake(
            "sleep",
            `cd ${box.folder}; echo 192.0.2.8 >address/eth0; echo default via 192.0.2.1 dev eth0 >>route`,
          );
          expect(box.boot("nics").text.split("\n").sort()).toEqual(moved.split("\n").sort());
          expect(box.calls().filter((call) => call.startsWith("sleep"))).toEqual(["sleep 1"]);
        });
      });

      it.each([
        "external",
        "external eth0",
        "external - 0000:03:00.0 - more",
        "external ../../eth0 - -",
        "external $(reboot) - -",
        "external -n - -",
        "\u001b[31m - - -",
      ])("does not follow the line %j, says so, and follows the others", (line) => {
        nics(line, "internal - 0000:03:00.1 -");
        const { exitCode, text } = box.boot("nics");
        expect([exitCode, text]).toEqual([
          0,
          expect.stringMatching(/^NIC internal \(eth1\) is moved.\n.*nics, line 1: /),
        ]);
        expect(text).not.toContain("\u001b");
        expect(box.list("sys/class/net")).toEqual(["eno1", "eth0"]);
      });

      it("gives nothing back while it does not know what a line meant", () => {
        nics("external - 0000:03:00.0 -");
        box.boot("nics");
        nics("external - 0000:03:00.0");
        box.boot("nics");
        expect(box.list("namespace")).toEqual(["eth0"]);
      });

      it("moves nothing where the list cannot be read", () => {
        box.write("etc/imp/nics/inner", "");
        expect(box.boot("nics").text).toContain("nics cannot be read: no NIC is moved.");
      });

      it("says so without ip", () => {
        nics("external - 0000:03:00.0 -");
        box.without("ip");
        expect(box.boot("nics").exitCode).toBe(0);
        expect(box.notes("nics")).toBe("NIC external was not found.\n");
      });
    });

    describe("containers", () => {
      beforeEach(() => box.boot("namespace"));

      it("makes the pair, and does without Incus", () => {
        expect(box.boot("containers")).toEqual({
          exitCode: 0,
          text: "There is no bridge incusbr0 yet: incus-host joins it when there is.\n",
        });
        expect(box.calls()).toContain("ip link add incus-host type veth peer name incus-dataplane netns dataplane");
      });

      it("joins the bridge when there is one, and makes no second pair", () => {
        box.boot("containers");
        box.calls();
        box.write("sys/class/net/incusbr0/type", "1\n");
        expect(box.boot("containers").text).toBe(
          "incus-host is in bridge incusbr0, incus-dataplane in namespace dataplane.\n",
        );
        expect(box.calls()).not.toContainEqual(expect.stringContaining("link add"));
      });
    });

    describe("management", () => {
      const fallback = (order: string) => box.read(`${networks}/${order}-imp-fallback.network`);
      const declare = () => box.write("etc/systemd/network/10-management.network", "[Network]\nAddress=192.0.2.9/24\n");
      const declared = () => `${box.etc}/systemd/network/10-management.network`;
      const restarts = () => box.calls().filter((call) => call.startsWith("systemctl "));

      it("leaves a box be whose management has an address", () => {
        declare();
        box.port("eno1", { file: declared(), address: "192.0.2.9/24" });
        expect(box.boot("management")).toEqual({ exitCode: 0, text: "Management has an address, on eno1.\n" });
        expect([restarts(), fallback("00"), fallback("99")]).toEqual([[], undefined, undefined]);
      });

      it("asks by DHCP at once on a fresh machine, on every port, with carrier or not yet", () => {
        box.env["IMP_WAIT"] = "120";
        box.port("eno1");
        box.port("eno2", { carrier: false });
        box.fake("sleep", "");
        const { exitCode, text } = box.boot("management");
        expect([exitCode, text]).toEqual([0, "Management: DHCP on eno1 eno2.\n"]);
        expect(fallback("99")).toBe(
          "[Match]\nName=eno1 eno2\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nDHCP=yes\nIPv6AcceptRA=yes\n",
        );
        expect(box.mode(`${networks}/99-imp-fallback.network`)).toBe(0o644);
        expect(box.calls().filter((call) => /^(systemctl|sleep)/.test(call))).toEqual([
          "systemctl restart systemd-networkd.service",
        ]);
      });

      it("never takes a port of the dataplane, a member of a bond, or what has no hardware", () => {
        box.port("eno1");
        box.port("eth0", { pci: "0000:03:00.0" });
        box.port("eth1", { pci: "0000:03:00.1" });
        box.write("sys/class/net/eth1/master/x", "");
        box.write("sys/class/net/incusbr0/type", "1\n");
        box.write("etc/imp/nics", "external - 0000:03:00.0 -\n");
        box.boot("management");
        expect(fallback("99")).toContain("[Match]\nName=eno1\n");
      });

      it("waits 120 s for what is declared, and falls back then", () => {
        declare();
        box.env["IMP_WAIT"] = "";
        box.port("eno1", { carrier: false });
        box.fake(
          "sleep",
          `read -r up _ <${box.folder}/proc/uptime; echo $((\${up%%.*} + 10)).0 1 >${box.folder}/proc/uptime`,
        );
        const { text } = box.boot("management");
        expect(text).toBe("Management has no address after 120 s.\nManagement: DHCP on eno1.\n");
        expect(box.calls().filter((call) => call === "sleep 1")).toHaveLength(12);
        expect(box.banner()).toContain("Management: DHCP on eno1.");
      });

      it("falls back where the declared interface is missing", () => {
        declare();
        box.port("eno2");
        box.boot("management");
        expect(fallback("99")).toContain("Name=eno2\n");
      });

      it("goes before what is declared only where that has carrier, no address, and does not ask by DHCP itself", () => {
        declare();
        box.port("eno1", { file: declared() });
        box.port("eno2", { file: declared(), carrier: false });
        box.port("eno3", { file: "/run/systemd/network/other.network" });
        box.boot("management");
        expect([fallback("00"), fallback("99")]).toEqual([
          expect.stringContaining("Name=eno1\n"),
          expect.stringContaining("Name=eno2 eno3\n"),
        ]);
        box.write("etc/systemd/network/10-management.network", "[Network]\nDHCP=ipv4\n");
        box.boot("management");
        expect([fallback("00"), fallback("99")]).toEqual([undefined, expect.stringContaining("Name=eno1 eno2 eno3\n")]);
      });

      it("keeps a port that it took, which networkd then knows by another file", () => {
        declare();
        box.env["IMP_ROUNDS"] = "4";
        box.port("eno1", { file: declared() });
        const link = box.list("run/systemd/netif/links")[0];
        box.fake(
          "systemctl",
          `cd ${box.folder}/run/systemd; asked=${box.etc}/systemd/network/10-management.network
[ ! -e network/00-imp-fallback.network ] || asked=/run/systemd/network/00-imp-fallback.network
echo "NETWORK_FILE=$asked" >netif/links/${link}`,
        );
        const { text } = box.boot("management");
        expect(text).toBe("Management has no address after 0 s.\nManagement: DHCP on eno1.\n");
        expect([restarts(), fallback("99")]).toEqual([["systemctl restart systemd-networkd.service"], undefined]);
      });

      it("withdraws what an earlier run asked for, and waits for what is declared now", () => {
        declare();
        box.port("eno1", { file: declared() });
        box.boot("management");
        expect(fallback("00")).toContain("Name=eno1\n");
        restarts();
        box.fake(
          "systemctl",
          `cd ${box.folder}; mkdir -p address; [ -e ${networks}/00-imp-fallback.network ] || echo 192.0.2.9 >address/eno1`,
        );
        expect(box.boot("management").text).toBe(
          "What is declared is tried again.\nManagement has an address, on eno1.\n",
        );
        expect([restarts(), box.list(networks)]).toEqual([["systemctl restart systemd-networkd.service"], []]);
      });

      it("takes no address for management's by a file that is gone: networkd leaves it there", () => {
        box.write("etc/systemd/network/10-imp-management.network", "");
        box.port("eno1", { file: declared(), address: "192.0.2.9/24" });
        box.boot("management");
        box.remove("etc/systemd/network/10-imp-management.network");
        box.calls();
        expect(box.boot("management").text).toContain("Management: DHCP on eno1.\n");
        expect(box.read("run/systemd/network/99-imp-fallback.network")).toContain("Name=eno1\n");
        expect(box.calls()).toContain("systemctl restart systemd-networkd.service");
        box.write("run/systemd/netif/links/2", "NETWORK_FILE=/run/systemd/network/99-imp-fallback.network\n");
        box.boot("management");
        expect(box.boot("management").text).toBe("Management has an address, on eno1.\n");
      });

      it("takes the address of a VLAN on a port for management's, and never goes before what makes one", () => {
        box.write("etc/systemd/network/10-management.network", "[Network]\nVLAN=mgmt.100\n");
        box.port("eno1", { file: declared() });
        box.boot("management");
        expect([fallback("00"), fallback("99")]).toEqual([undefined, expect.stringContaining("Name=eno1\n")]);
        box.write("sys/class/net/mgmt.100/ifindex", "77\n");
        box.write("run/systemd/netif/links/77", `NETWORK_FILE=${box.etc}/systemd/network/20-vlan.network\n`);
        box.write("address/mgmt.100", "77: mgmt.100 inet 192.0.2.9/24 scope global\n");
        expect(box.boot("management").text).toContain("Management has an address, on mgmt.100.\n");
      });

      it("does not take the address of the containers' bridge for management's", () => {
        declare();
        box.port("eno1", { file: declared(), carrier: false });
        box.write("sys/class/net/incusbr0/ifindex", "78\n");
        box.write("address/incusbr0", "78: incusbr0 inet 10.234.116.1/24 scope global\n");
        expect(box.boot("management").text).toContain("Management: DHCP on eno1.\n");
      });

      it("takes in ports that turn up later, and ends when there is an address", () => {
        box.env["IMP_ROUNDS"] = "9";
        box.port("eno1");
        box.fake(
          "sleep",
          `cd ${box.folder}; [ -e sys/class/net/eno1 ] || { mv later sys/class/net/eno1; exit; }
mkdir -p address; echo 192.0.2.7 >address/eno1`,
        );
        renameSync(join(box.folder, "sys/class/net/eno1"), join(box.folder, "later"));
        const { text } = box.boot("management");
        expect(text).toBe(
          "No port is left for management.\nManagement: DHCP on eno1.\nManagement has an address, on eno1.\n",
        );
      });

      it("says so where networkd cannot be started", () => {
        box.port("eno1");
        box.fake("systemctl", "exit 1");
        expect(box.boot("management").text).toBe("Management: DHCP on eno1 could not be started.\n");
      });

      it("goes before nothing that is declared where it cannot see addresses", () => {
        declare();
        box.port("eno1", { file: declared() });
        box.without("ip");
        box.fake("systemctl", "");
        box.boot("management");
        expect([fallback("00"), fallback("99")]).toEqual([undefined, expect.stringContaining("Name=eno1\n")]);
      });
    });

    it("tells in the login banner what is wrong with any of its parts", () => {
      box.write("etc/imp/nics", "external - 0000:09:00.0 -\n");
      box.port("eno1");
      for (const verb of ["management", "nics", "containers"]) box.boot(verb);
      expect(box.banner()).toBe(
        `imp-boot: NIC external was not found.
The pair of incus-host and incus-dataplane could not be made.
Management: DHCP on eno1.
Next: imp-boot status
`,
      );
    });

    it("takes out of the banner what was mended, and leaves there what others say", () => {
      box.port("eno1");
      box.env["IMP_VPP"] = "/run/vpp";
      box.fake("vppctl", "exit 1");
      box.write("etc/vpp/commands-nat64.txt", "");
      box.boot("vpp", "nat64");
      box.boot("management");
      expect(box.banner()).toBe(
        `imp-boot: Management: DHCP on eno1.
VPP nat64 does not answer on /run/vpp/nat64-cli.sock: it was given no commands.
Next: imp-boot status
`,
      );
      expect(box.boot("status").text).toContain("vpp-nat64   VPP nat64 does not answer");
      box.write("address/eno1", "2: eno1 inet 192.0.2.9/24 scope global\n");
      box.boot("management");
      expect(box.banner()).toBe(
        "imp-boot: VPP nat64 does not answer on /run/vpp/nat64-cli.sock: it was given no commands.\nNext: imp-boot status\n",
      );
      box.fake("vppctl", "echo vpp v26.06");
      box.write("run/imp/trouble.vpp-nat64", "");
      box.boot("management");
      expect(box.banner()).toBeUndefined();
      box.write("run/issue.d/imp.issue", "imp-failsafe: it acted\n");
      box.boot("management");
      expect(box.banner()).toBe("imp-failsafe: it acted\n");
    });

    it("tells nothing but its usage when it is asked for something else", () => {
      expect(box.boot("frobnicate")).toEqual({
        exitCode: 64,
        text: expect.stringMatching(/^usage: imp-boot identity/),
      });
    });
  });
