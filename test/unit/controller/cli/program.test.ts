import { tmpdir } from "node:os";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { buildProgram, commandNames } from "../../../../controller/cli/program.ts";
import { processTerminal } from "../../../../controller/cli/terminal.ts";
import { impctl, silentTerminal } from "./terminal.ts";

describe("the command line", () => {
  it("shows help and fails with 64 when nothing is asked", async () => {
    const ran = await impctl("/");

    expect(ran.exitCode).toBe(64);
    expect(ran.err).toContain("Usage: impctl");
  });

  it("shows help on standard output when it is asked for", async () => {
    const ran = await impctl("/", "--help");

    expect(ran).toMatchObject({ exitCode: 0, err: "" });
    for (const name of commandNames) expect(ran.out).toContain(name);
    expect(ran.out).not.toContain("__");
  });

  it("answers an unknown command, option or choice with 64 and where to read on", async () => {
    for (const argv of [["frobnicate"], ["version", "--frobnicate"], ["completion", "tcsh"], ["version", "excess"]]) {
      const ran = await impctl("/", ...argv);

      expect(ran).toMatchObject({ exitCode: 64, out: "" });
      expect(ran.err).toContain("impctl help");
    }
  });

  it("refuses a value that is given twice, in every command, rather than to take the last", async () => {
    for (const argv of [
      ["drain", "--peer", "a", "--peer", "b", "--for", "1h", "--reason", "test"],
      ["undrain", "--interface=a", "--interface=b"],
      ["diff", "-m", "fra1/r1", "--machine", "fra1/r2"],
      ["drift", "accept", "--reason", "one", "--reason", "two"],
    ]) {
      const ran = await impctl("/", ...argv);

      expect(ran).toMatchObject({ exitCode: 64, out: "" });
      expect(ran.err).toMatch(/^impctl: option '.*' is given once, with one value/);
    }
  });

  it("writes the version as text and as JSON", async () => {
    expect((await impctl("/", "version")).out).toMatch(/^impctl \d+\.\d+\.\d+ \(node \d+/);
    expect(JSON.parse((await impctl("/", "version", "--json")).out)).toHaveProperty("version");
  });

  it("gives every command --json and examples", async () => {
    const program = await buildProgram(commandNames, silentTerminal("/"));
    const shown = program.commands.filter((command) => commandNames.includes(command.name()));
    for (const command of shown.flatMap((one) => (one.commands.length > 0 ? one.commands : [one]))) {
      const help = (await impctl("/", ...pathOf(command), "--help")).out;
      expect(help).toContain("--json");
      expect(help).toContain("\nExamples:\n");
    }
  });

  it("refuses a folder that the kernel has no room for, instead of trying for ever", async () => {
    const ran = await impctl(tmpdir(), "schema", "--output", "/proc/impctl");

    expect(ran.exitCode).toBe(1);
    expect(ran.err).toContain("/proc/impctl cannot be made");
  });

  it("leaves signals to the kernel in every command but those with something to leave in order, so that nothing can swallow one", () => {
    const listeners = () => [process.listeners("SIGTERM"), process.listeners("SIGINT")].map((all) => all.length);
    const before = { all: listeners(), term: process.listeners("SIGTERM"), int: process.listeners("SIGINT") };
    onTestFinished(() => {
      for (const one of process.listeners("SIGTERM")) if (!before.term.includes(one)) process.off("SIGTERM", one);
      for (const one of process.listeners("SIGINT")) if (!before.int.includes(one)) process.off("SIGINT", one);
    });

    processTerminal("schema");
    expect(listeners()).toEqual(before.all);

    for (const [at, command] of ["agent", "vpp", "adopt", "doctor"].entries()) {
      processTerminal(command);
      expect(listeners()).toEqual(before.all.map((count) => count + at + 1));
    }
  });

  it("writes a completion script for each shell", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const ran = await impctl("/", "completion", shell);

      expect(ran.exitCode).toBe(0);
      expect(ran.out).toContain("impctl __complete --");
    }
  });
});

function pathOf(command: { name(): string; parent: { name(): string; parent: unknown } | null }): readonly string[] {
  const parent = command.parent;
  return parent && parent.name() !== "impctl" ? [parent.name(), command.name()] : [command.name()];
}
