import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { install, type Prepared } from "../../../../controller/bootstrap/install.ts";
import { linuxHost } from "../../../../controller/host/linux.ts";

describe("the end of a bootstrap", () => {
  const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
  let top: string;
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "imp-install-"));
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  const state = () => join(top, "persistent/config/imp");
  function prepared(...names: readonly string[]): Prepared {
    const files = new Map(names.map((name) => [join(state(), name), `new ${name}\n`]));
    const draft = { files, settings: { machine: "fra1/r1" } } as unknown as Prepared["draft"];
    return { draft, key: { path: "", recipient: "", made: undefined }, folders: [state()] };
  }
  const none = { settings: {}, text: undefined };

  it("leaves everything as it was where one file cannot be written", async () => {
    await install(host, join(state(), "agent.yaml"), none, prepared("git-token"));
    const token = join(state(), "git-token");
    writeFileSync(token, "old\n");
    const full = {
      ...host,
      writeFile: (...given: Parameters<typeof host.writeFile>) =>
        given[0].includes("signers") ? Promise.reject(new Error("ENOSPC")) : host.writeFile(...given),
    };
    const again = install(full, join(state(), "agent.yaml"), none, prepared("git-token", "allowed_signers"));
    await expect(again).rejects.toThrow("ENOSPC");
    expect([readFileSync(token, "utf8"), readdirSync(state()).sort()]).toEqual(["old\n", ["agent.yaml", "git-token"]]);
  });

  it("writes all of it, closed to others, and says what", async () => {
    const written = await install(host, join(state(), "agent.yaml"), none, prepared("git-token", "allowed_signers"));
    const paths = ["git-token", "allowed_signers", "agent.yaml"].map((name) => join(state(), name));
    expect(written).toEqual(paths);
    expect(paths.map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    expect(existsSync(`${paths[0]}.new`)).toBe(false);
  });

  it("closes the folder that is its own, and none above it, whatever the umask", async () => {
    const before = process.umask(0o077);
    try {
      await install(host, join(state(), "agent.yaml"), none, prepared());
    } finally {
      process.umask(before);
    }
    const modes = ["persistent", "persistent/config", "persistent/config/imp"].map(
      (path) => statSync(join(top, path)).mode,
    );
    expect(modes.map((mode) => mode & 0o777)).toEqual([0o755, 0o755, 0o700]);
  });
});
