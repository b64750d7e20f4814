/** The files that settings of notifications name, read at each use: what is replaced counts at once. */
import { readFile } from "node:fs/promises";
import { Problem } from "../../schemas/problem.ts";
import { readPrivate } from "../private-file.ts";

/** A key or token. Rejects with SETTINGS when others can read the file, or there is nothing in it. */
export async function readKey(file: string): Promise<string> {
  const key = (await readPrivate(file, "SETTINGS"))?.trim();
  if (key !== undefined && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new Problem(
    "SETTINGS",
    `${file} ${key === undefined ? "is not there" : "holds no key: one line without spaces"}.`,
    {
      remedy: "agent.yaml names it under notify.",
    },
  );
}

/** PEM of an authority to trust beside the system's, where one is named. */
export async function readCa(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new Problem("SETTINGS", `${file} cannot be read (${cause.code ?? "unknown reason"}).`, {
      remedy: "agent.yaml names it under notify.",
      cause,
    });
  });
}
