/** What is rendered for the log, as a real rsyslog takes it: what arrives at a server, over UDP and TCP. */
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { renderSystem } from "../../reconcilers/system/render/render.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";

const why = spawnSync("rsyslogd", ["-v"]).status === 0 ? undefined : "needs rsyslog";

type Servers = NonNullable<NonNullable<MachineInput["management"]>["syslog"]>;

describe.skipIf(why !== undefined)(`the log, sent by rsyslog (${why ?? "rsyslog is here"})`, () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "imp-syslog-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A whole configuration around what is rendered, with a socket of its own to log to. */
  function configured(syslog: Servers): string {
    const machine = Machine.parse({ management: { interface: { name: "e" }, syslog } });
    const rendered = renderSystem(machine).files.find(({ path }) => path === "/etc/rsyslog.d/10-imp.conf")?.text;
    const input = `module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="${folder}/log")\n`;
    writeFileSync(join(folder, "rsyslog.conf"), `${input}${rendered}`);
    return join(folder, "rsyslog.conf");
  }

  /** Starts it, logs, and waits until `received` has what was logged last. */
  async function logged(file: string, received: () => string): Promise<string> {
    const child = spawn("rsyslogd", ["-n", "-iNONE", "-f", file], { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    for (let tries = 0; tries < 100 && !existsSync(join(folder, "log")); tries += 1) await delay(50);
    const log = (priority: string, text: string) =>
      spawnSync("logger", ["-u", join(folder, "log"), "-t", "imp-agent", "-p", priority, text]);
    log("daemon.debug", "a detail");
    log("daemon.notice", "first");
    log("daemon.err", "second");
    for (let tries = 0; tries < 100 && !received().includes("second"); tries += 1) await delay(50);
    return received();
  }
  const line = (priority: number, text: string) => `<${priority}>1 \\S+T\\S+ \\S+ imp-agent - - -  ?${text}`;

  it("arrives as RFC 5424 over UDP, without what is less severe than asked", async () => {
    const got: string[] = [];
    const server = createSocket("udp4").on("message", (message) => got.push(message.toString().trimEnd()));
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const file = configured({ noc: { address: "127.0.0.1", port: server.address().port, severity: "notice" } });

    const text = await logged(file, () => got.join("\n"));

    expect(text).toMatch(new RegExp(`^${line(29, "first")}\n${line(27, "second")}$`));
  });

  it("arrives over TCP, each message with its length before it", async () => {
    let got = "";
    const server = createServer((socket) => socket.on("data", (chunk) => (got += chunk.toString())));
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const file = configured({ noc: { address: "127.0.0.1", port, protocol: "tcp", severity: "error" } });

    const text = await logged(file, () => got);

    expect(text).toMatch(new RegExp(`^\\d+ ${line(27, "second")}\\s*$`));
    expect(Number(/^\d+/.exec(text)?.[0])).toBe(text.length - text.indexOf(" ") - 1);
  });

  it("is configured so that rsyslog finds nothing wrong, over TLS as well", () => {
    const file = configured({
      a: { address: "log.example.net", port: 6514, protocol: "tls" },
      b: { address: "2001:db8::e", protocol: "tcp", severity: "debug" },
    });
    const { status, stderr } = spawnSync("rsyslogd", ["-N1", "-f", file], { encoding: "utf8" });
    expect([status, stderr.split("\n").filter((said) => /error|invalid|warn/.test(said))]).toEqual([0, []]);
  });
});
