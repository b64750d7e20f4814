/** What is typed is completed in a real zsh and a real fish, at the first TAB, with the files where the package puts them. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = join(import.meta.dirname, "../../controller/main.ts");
const has = (shell: string) => spawnSync(shell, ["--version"], { stdio: "ignore" }).error === undefined;

/** An interactive zsh in a terminal of its own: one TAB after "impctl vali", and what stands there then. */
const typed = `zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell 'fpath=($FOLDER $fpath); autoload -U compinit; compinit -D -u; PS1=ready; echo made''it'
zpty -r -m shell text '*madeit*ready*'
zpty -w -n shell $'impctl vali\\t'
zpty -r -m shell text '*impctl validate*' && echo completed
`;

describe("completion", () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "imp-complete-"));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/impctl"), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`, { mode: 0o755 });
    env = { ...process.env, PATH: `${folder}/bin:${process.env["PATH"]}`, FOLDER: folder, TERM: "vt100", HOME: folder };
    for (const [shell, file] of [
      ["zsh", "_impctl"],
      ["fish", "impctl.fish"],
    ] as const)
      writeFileSync(join(folder, file), execFileSync(process.execPath, [main, "completion", shell]));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.skipIf(!has("zsh"))("answers the first TAB in zsh (needs zsh)", () => {
    const { stdout } = spawnSync("zsh", ["-f", "-c", typed], { encoding: "utf8", env, timeout: 120_000 });
    expect(stdout).toContain("completed");
  });

  it.skipIf(!has("fish"))("answers in fish (needs fish)", () => {
    const asked = (words: string) =>
      spawnSync("fish", ["--no-config", "-c", `source ${folder}/impctl.fish; complete -C '${words}'`], {
        encoding: "utf8",
        env,
        timeout: 30_000,
      }).stdout.split("\n");
    expect(asked("impctl vali")).toContain("validate");
    expect(asked("impctl drift ")).toContain("discard");
  });
});
