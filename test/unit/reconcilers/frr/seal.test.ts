import { describe, expect, it } from "vitest";
import { passingSecrets } from "../../../../controller/passing-secrets.ts";
import { revealLine, sealConfig } from "../../../../reconcilers/frr/seal.ts";

describe("secrets in FRR's configuration", () => {
  it.each([
    " neighbor 192.0.2.1 password Secret",
    " no neighbor 192.0.2.1 password Secret",
    " neigh 192.0.2.1 pass Secret",
    " nei 192.0.2.1 pa Secret",
    " ip ospf authentication-key Secret",
    " ip ospf authentication-key 7 Secret",
    " ip ospf authentication-key Secret 192.0.2.1",
    " ip ospf authentication-k Secret",
    " ip ospf mess 1 md5 Secret",
    " ip ospf message-digest-key 1 md5 Secret",
    " area 0.0.0.1 virtual-link 192.0.2.9 message-digest-key 1 md5 Secret",
    " area 0.0.0.1 virtual-link 192.0.2.9 authentication-key Secret",
    " ipv6 ospf6 authentication key-id 1 hash-algo md5 key Secret",
    "  key-string Secret",
    "  key-str Secret",
    "  k Secret",
    " nei 192.0.2.1 p Secret",
    " ip ospf authentication Secret",
    " ip os au Secret",
    " ip o m 1 m Secret",
    " ip ospf message-digest-key 1 md Secret",
    " ip ospf message-digest-key 1 md5 7 Secret",
    " ipv6 os au ke 1 ha hmac-sha-256 ke Secret",
    " a 1 v 192.0.2.9 m 1 m Secret",
    " area 1 virtual-link 192.0.2.9 authentication message-digest message-digest-key 1 md5 Secret",
    " ar 1 virtual-link 192.0.2.9 authentication-k Secret",
    " ip nhrp authentication Secret",
    " ip rip au str Secret",
    " isis pas clear Secret",
    " area-p m Secret",
    "en passw 8 Secret",
    "passw Secret",
  ])("are sealed, however they are written: %s", (line) => {
    expect(sealConfig(`${line}\n`, () => "SEALED")).toBe(`${line.replace("Secret", "SEALED")}\n`);
  });

  it.each([
    " neighbor 192.0.2.1 passive",
    " neighbor 192.0.2.1 pas",
    " neighbor 192.0.2.1 peer-group PASSWORD",
    " area 0.0.0.1 virtual-link 192.0.2.9 authentication message-digest",
    " ip ospf au m",
    " ip ospf authentication key-chain x",
    " ip ospf dead-interval minimal hello-multiplier 2",
    " ip ospf area 0.0.0.1",
    "key chain x",
    " key 1",
    " passive-interface default",
    " description password x",
    " neighbor 192.0.2.1 description pass word md5 keys",
    " ip ospf authentication message-digest",
    " ip ospf 192.0.2.1 authentication null",
    " area 0.0.0.0 authentication message-digest",
  ])("are not seen where there are none: %s", (line) => {
    expect(sealConfig(line, () => "SEALED")).toBe(line);
  });

  it("are whole, whatever is in them that FRR does not take for a blank", () => {
    const secret = "a\u00a0b\u2028c";
    for (const before of [" neighbor 192.0.2.1 password", " ip ospf authentication-key"]) {
      expect(sealConfig(`${before} ${secret}\nexit\n`, () => "SEALED")).toBe(`${before} SEALED\nexit\n`);
    }
  });

  it("are the number before an address, too", () => {
    expect(sealConfig(" ip ospf authentication-key 12345678 192.0.2.1", () => "SEALED")).toBe(
      " ip ospf authentication-key SEALED 192.0.2.1",
    );
  });

  it.each([
    [" ip ospf authentication-key", 8],
    [" area 0.0.0.1 virtual-link 192.0.2.9 authentication-key", 8],
    [" ip ospf message-digest-key 1 md5", 16],
    [" ip os au", 8],
    [" ip ospf authentication-key 7", 8],
    [" ip ospf mess 1 md", 16],
    [" a 1 v 192.0.2.9 m 1 md5 7", 16],
  ])("are refused where FRR would cut them off:%s", (line, longest) => {
    const secrets = passingSecrets();
    expect(revealLine(`${line} ${secrets.seal("x".repeat(longest))}`, secrets).line).toBe(
      `${line} ${"x".repeat(longest)}`,
    );
    expect(() => revealLine(`${line} ${secrets.seal("x".repeat(longest + 1))}`, secrets)).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining(`of at most ${longest} characters`) }),
    );
  });
});
