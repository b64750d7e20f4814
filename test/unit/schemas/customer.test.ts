import { describe, expect, it } from "vitest";
import { Customer, expandCustomer } from "../../../schemas/customer.ts";

const acme = {
  appliance: "ber1/r1",
  interface: "internal",
  vlan: 310,
  addresses: ["198.51.100.129/30"],
  routes: { "203.0.113.64/28": "198.51.100.130" },
  "rate-mbps": 0.5,
  filters: { in: ["customer-in"] },
};

function became(customer: object): string[] {
  return expandCustomer("acme", Customer.parse(customer), "interfaces").map(
    ({ path, value, from }) => `${path.join(" ")} = ${JSON.stringify(value)} <- ${from.join(" ")}`,
  );
}

describe("a customer", () => {
  it("becomes a sub-interface, its routes and a policer, each value from a line of the file", () => {
    expect(became(acme)).toEqual([
      'interfaces internal sub-interfaces 310 description = "acme" <- description',
      "interfaces internal sub-interfaces 310 vlan = 310 <- vlan",
      'interfaces internal sub-interfaces 310 addresses = ["198.51.100.129/30"] <- addresses',
      'interfaces internal sub-interfaces 310 acl in = ["customer-in"] <- filters in',
      'interfaces internal sub-interfaces 310 unicast-rpf = "strict" <- unicast-rpf',
      'routing static 203.0.113.64/28 via = ["198.51.100.130"] <- routes 203.0.113.64/28',
      'routing static 203.0.113.64/28 description = "acme" <- routes 203.0.113.64/28',
      "policers customer-acme rate-kbps = 500 <- rate-mbps",
      'interfaces internal sub-interfaces 310 policer in = "customer-acme" <- rate-mbps',
      'interfaces internal sub-interfaces 310 policer out = "customer-acme" <- rate-mbps',
    ]);
  });

  it("with an inner VLAN shares the outer one with others, and fits Linux's names", () => {
    const lines = became({ ...acme, "inner-vlan": 7 });

    expect(lines).toContain("interfaces internal sub-interfaces 3100007 inner-vlan = 7 <- inner-vlan");
    expect(lines).toContain('interfaces internal sub-interfaces 3100007 linux-cp = "internal.310.7" <- inner-vlan');
  });

  it("is refused when a route's next hop is of the other address family", () => {
    const result = Customer.safeParse({ ...acme, routes: { "2001:db8:3100::/48": "198.51.100.130" } });

    expect(result.error?.issues[0]?.path).toEqual(["routes", "2001:db8:3100::/48"]);
  });
});
