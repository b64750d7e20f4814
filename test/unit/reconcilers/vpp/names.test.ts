import { describe, expect, it } from "vitest";
import { linkLocalOf } from "../../../../reconcilers/vpp/wire/layer3.ts";
import { type InterfaceDetails, namesOf, visible } from "../../../../reconcilers/vpp/wire/names.ts";

function details(index: number, name: string, type = "dpdk", parent = index): InterfaceDetails {
  const partial: Partial<InterfaceDetails> = {
    sw_if_index: index,
    sup_sw_if_index: parent,
    interface_name: name,
    interface_dev_type: type,
    type: parent === index ? 0 : 1,
  };
  return partial as InterfaceDetails;
}

describe("names of VPP's numbers", () => {
  it("are those of interfaces that somebody configures: neither local0 nor the taps of linux-cp with what is on them", () => {
    const all = [
      details(0, "local0", "local"),
      details(1, "external"),
      details(2, "tap4096", "tap"),
      details(3, "external.25", "dpdk", 1),
      details(4, "tap4096.25", "tap", 2),
    ];
    expect(visible(all, [{ host_sw_if_index: 2 }]).map((one) => one.interface_name)).toEqual([
      "external",
      "external.25",
    ]);
  });

  it("of two interfaces with one name stand for the older one", () => {
    const names = namesOf([details(1, "external"), details(7, "external")], []);
    expect(names.interface("external")).toBe(1);
    expect(names.nameOf(7)).toBeUndefined();
  });

  it("of ACLs are their tags, and their numbers where they have none of their own", () => {
    const acl = (acl_index: number, tag: string) => ({ acl_index, tag, count: 0, r: [] });
    const names = namesOf([], [acl(5, "web"), acl(2, "web"), acl(3, "")]);
    expect([2, 3, 5, 9].map((index) => names.tagOf(index))).toEqual(["web", "#3", "#5", "#9"]);
    expect(names.acl("web")).toBe(2);
  });

  it("that VPP does not have are a problem", () => {
    expect(() => namesOf([], []).interface("external")).toThrow("VPP has no interface external");
  });
});

describe("the link-local address that VPP makes of a MAC address", () => {
  it.each([
    ["02:00:00:00:00:01", "fe80::ff:fe00:1"],
    ["de:ad:00:00:00:05", "fe80::dcad:ff:fe00:5"],
    ["b2:6b:01:02:03:04", "fe80::b06b:1ff:fe02:304"],
  ])("of %s is %s", (mac, address) => {
    expect(linkLocalOf(mac)).toBe(address);
  });
});
