import { expect, it } from "vitest";
import { sshOptions } from "../../../../controller/image-trial/ssh.ts";

it("knows a machine again at another port", () => {
  const [one, other] = [22001, 22002].map((port) => sshOptions("/nonexistent", "/nonexistent/key", port));

  expect(one).toContain("HostKeyAlias=machine");
  expect(one?.filter((word) => word !== "22001")).toEqual(other?.filter((word) => word !== "22002"));
});
