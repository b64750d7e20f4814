/** Whether this machine has openssl, which makes the key of the status over TLS. */
import { execFileSync } from "node:child_process";

export function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
