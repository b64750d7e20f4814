/**
 * The CLI of the simulated VPP over a unix socket, as the boot script uses it: a command a line, macros, and files that exec reads
 * up to a line that fails. An exec that fails takes the rest of what was read together with it along, as VPP's does.
 */
import { readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { runCommand } from "./cli.ts";
import { hearLinux } from "./interfaces.ts";
import type { SimVpp } from "./sim-vpp.ts";
import { Died } from "./state.ts";

/** Resolves once it listens. */
export async function listenCli(vpp: SimVpp, path: string): Promise<Server> {
  rmSync(path, { force: true });
  const macros = new Map<string, string>();
  const server = createServer((socket) => serve(vpp, macros, socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return server;
}

function serve(vpp: SimVpp, macros: Map<string, string>, socket: Socket): void {
  let rest = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    const lines = `${rest}${bytes.toString()}`.split("\n");
    rest = lines.pop() ?? "";
    // Its turn is after what VPP reads together with it.
    const news = vpp.state.linuxNews.splice(0);
    for (const line of lines) {
      if (line === "quit") return void socket.end();
      try {
        if (!say(vpp, macros, line, (text) => void socket.write(text))) break;
      } catch (error) {
        if (!(error instanceof Died)) throw error;
        vpp.die(error.message);
      }
    }
    hearLinux(vpp.state, news);
    return undefined;
  });
}

/** Whether it went well. */
function say(vpp: SimVpp, macros: Map<string, string>, line: string, print: (text: string) => void): boolean {
  const said = line.replaceAll(/\$\((\w+)\)/g, (_, name: string) => macros.get(name) ?? "");
  const [word = "", ...words] = said.trim().split(" ");
  if (word === "" || word.startsWith("#")) return true;
  if (word === "define") macros.set(words[0] ?? "", words.slice(1).join(" "));
  else if (word === "echo") print(`${words.join(" ")}\n`);
  else if (word === "exec") {
    const lines = readFileSync(words[0] ?? "", "utf8").split("\n");
    const failed = lines.find((one) => !say(vpp, macros, one, () => undefined));
    if (failed !== undefined) print(`exec: CLI line error: ${failed}\n`);
    return failed === undefined;
  } else {
    const { isFailed, text } = runCommand(vpp.state, said);
    print(text);
    return !isFailed;
  }
  return true;
}
