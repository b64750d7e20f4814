/** QEMU's monitor: commands that are for the machine itself, not for what runs in it. */
import { createConnection } from "node:net";

const prompt = "(qemu) ";

/** Has a command carried out over the socket, and gives what was said. */
export function order(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket);
    let said = "";
    connection.setEncoding("utf8");
    connection.once("error", reject);
    connection.once("close", () => reject(new Error(`QEMU ended: ${said}`)));
    connection.on("data", (text: string) => {
      const before = said.split(prompt).length;
      said += text;
      const prompts = said.split(prompt).length;
      if (before < 2 && prompts >= 2) connection.write(`${command}\n`);
      if (prompts < 3) return;
      resolve(said.split(prompt)[1] ?? "");
      connection.destroy();
    });
  });
}
