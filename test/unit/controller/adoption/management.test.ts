/** `management` of a box whose network somebody set up by hand. */
import { expect, it } from "vitest";
import { managementDraft } from "../../../../controller/adoption/management-draft.ts";
import { tryAdoption } from "../../../lab/adopting.ts";

const filesWith = (network: string) => new Map([["/etc/systemd/network/10-lan.network", network]]);

it("has the first address of each family, and the way to everywhere of several routes", () => {
  const network = `[Match]
Name=en0
[Address]
Address=192.0.2.2/24
[Address]
Address=2001:db8::2/64
[Route]
Gateway=192.0.2.1
[Route]
Destination=::/0
Gateway=2001:db8::1
[Route]
Destination=10.0.0.0/8
Gateway=192.0.2.9
`;

  expect(managementDraft(filesWith(network))).toMatchObject({
    ipv4: { address: "192.0.2.2/24", gateway: "192.0.2.1" },
    ipv6: { address: "2001:db8::2/64", gateway: "2001:db8::1" },
  });
});

it("stands at the end without what no machine file can say, and that is told", async () => {
  const network = "[Match]\nName=en0\n[Link]\nMTUBytes=100\n[Network]\nAddress=192.0.2.2/24\nGateway=192.0.2.1\n";

  const { later, left } = await tryAdoption({ files: filesWith(network) });

  expect(later?.machine).toMatchObject({ management: { ipv4: { address: "192.0.2.2/24", gateway: "192.0.2.1" } } });
  expect(later?.machine).not.toHaveProperty("management.mtu");
  expect(left).toContainEqual(expect.stringMatching(/^management\.mtu: not to be taken in as it is: /));
});
