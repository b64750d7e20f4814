import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { readSecretFrom } from "../../../../controller/cli/secret-input.ts";

const never = new AbortController().signal;

/** A terminal whose person types `keys`, then leaves; what it showed, and whether it was left in raw mode. */
function terminal(...keys: readonly string[]) {
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) });
  let shown = "";
  for (const key of keys) input.write(key);
  input.end();
  return { input, show: (text: string) => void (shown += text), shown: () => shown, modes };
}

async function typed(...keys: readonly string[]): Promise<string> {
  const { input, show } = terminal(...keys);
  return readSecretFrom(input, show, "bgp", never);
}

describe("a secret that a person types", () => {
  it("is asked for twice, never echoed, and the terminal is put back", async () => {
    const { input, show, shown, modes } = terminal("hunter2\r", "hunter2\r");

    expect(await readSecretFrom(input, show, "bgp", never)).toBe("hunter2");
    expect(shown()).toBe("Text of bgp (not shown): \nOnce more: \n");
    expect(modes).toEqual([true, false]);
  });

  it("may come key by key, with corrections, or all at once", async () => {
    expect(await typed(...Array.from("hux\u007fnter2\rwrong\u0015hunter2\r"))).toBe("hunter2");
    expect(await typed("hunter2\nhunter2\n")).toBe("hunter2");
    expect(await typed("a😀\u007fé\r", "aé\r")).toBe("aé");
  });

  it("is refused when the two differ, as a pasted text of two lines does", async () => {
    await expect(typed("one\r", "two\r")).rejects.toMatchObject({ code: "USAGE", message: "the two texts differ." });
    await expect(typed("line one\nline two\n")).rejects.toMatchObject({ message: "the two texts differ." });
  });

  it.each([
    ["Ctrl-C", "hunter2\u0003"],
    ["Ctrl-D", "\u0004"],
    ["the end of the input", "hunter2\r"],
  ])("is given up at %s, and the terminal is put back", async (_what, keys) => {
    const { input, show, modes } = terminal(keys);

    await expect(readSecretFrom(input, show, "bgp", never)).rejects.toMatchObject({ code: "USAGE" });
    expect(modes).toEqual([true, false]);
  });

  it("is given up when the process is asked to end", async () => {
    const ending = new AbortController();
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const reading = readSecretFrom(input, () => undefined, "bgp", ending.signal);

    ending.abort();

    await expect(reading).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("a secret that is piped", () => {
  const piped = (...chunks: readonly Buffer[]) => {
    const input = new PassThrough();
    for (const chunk of chunks) input.write(chunk);
    input.end();
    return readSecretFrom(input, () => undefined, "bgp", never);
  };

  it("is taken whole, also where a character is cut in two", async () => {
    const bytes = Buffer.from("grüße\n");

    expect(await piped(bytes.subarray(0, 3), bytes.subarray(3))).toBe("grüße\n");
  });

  it("is cut off when it does not end", async () => {
    await expect(piped(Buffer.alloc(20_000, "x"))).rejects.toMatchObject({ code: "USAGE" });
  });
});
