/**
 * `management` as files below /etc say it, whoever wrote them: systemd.network(5), resolved.conf(5), timesyncd.conf(5), and the
 * agent's own for rsyslog and SSH. The inverse of reconcilers/system/render/.
 */
import type { JsonObject, JsonValue } from "../../schemas/json.ts";
import { section } from "./objects.ts";

/** By path. undefined: no file says anything of a management network that has a word. */
export function managementDraft(files: ReadonlyMap<string, string>): JsonObject | undefined {
  const networks = [...files].filter(([path]) => path.endsWith(".network")).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const drafts = networks.flatMap(([, text]) => {
    const ini = iniOf(text);
    const servers = valuesOf(ini, "Network", "DNS").flatMap((value) => value.split(/\s+/));
    const own = networkOf(ini);
    return own === undefined ? [] : [{ own, servers }];
  });
  const [network] = drafts;
  if (network === undefined) return undefined;
  const all = (folder: string) => [...files].flatMap(([path, text]) => (path.startsWith(folder) ? iniOf(text) : []));
  const words = (folder: string, key: string) =>
    [
      ...new Set(
        all(folder).flatMap(({ entries }) =>
          entries.filter(([name]) => name === key).flatMap(([, value]) => value.split(/\s+/)),
        ),
      ),
    ].filter((word) => word !== "");
  const resolver = "/etc/systemd/resolved.conf";
  const dns = {
    ...list("servers", [...new Set([...network.servers, ...words(resolver, "DNS")])]),
    ...list("search", words(resolver, "Domains")),
  };
  const keys = keysOf(files.get("/etc/ssh/authorized_keys.d/root") ?? "");
  return {
    ...network.own,
    ...section("dns", dns),
    ...list("ntp", words("/etc/systemd/timesyncd.conf", "NTP")),
    ...section("syslog", syslogOf(files.get("/etc/rsyslog.d/10-imp.conf") ?? "")),
    ...(Object.keys(keys).length > 0 && { ssh: { "authorized-keys": keys } }),
  };
}

/** Sections as they stand there: each [Address] and each [Route] is one of its own (systemd.network(5)), others of one name are one. */
type Ini = readonly Section[];

interface Section {
  readonly name: string;
  readonly entries: (readonly [key: string, value: string])[];
}

function iniOf(text: string): Ini {
  const found: Section[] = [];
  for (const line of text.split("\n").map((one) => one.trim())) {
    const name = /^\[(.+)\]$/.exec(line)?.[1];
    const [, key = "", value = ""] = /^([A-Za-z0-9]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) found.push({ name, entries: [] });
    else if (key !== "") found.at(-1)?.entries.push([key, value]);
  }
  return found;
}

/** In all sections of that name. */
function valuesOf(ini: Ini, section: string, key: string): readonly string[] {
  const entries = ini.flatMap((one) => (one.name === section ? one.entries : []));
  return entries.flatMap(([name, value]) => (name === key ? [value] : []));
}

/** Those of [Network], and of each [Route] that leads everywhere. */
function gatewaysOf(ini: Ini): readonly string[] {
  const routes = ini.filter(({ name, entries }) => {
    const to = entries.findLast(([key]) => key === "Destination")?.[1] ?? "";
    return name === "Route" && ["", "0.0.0.0/0", "::/0"].includes(to);
  });
  return [...valuesOf(ini, "Network", "Gateway"), ...valuesOf(routes, "Route", "Gateway")];
}

/** undefined: it is about something else than one NIC that has an address, by itself or by DHCP. */
function networkOf(ini: Ini): JsonObject | undefined {
  const get = (name: string, key: string) => valuesOf(ini, name, key).at(-1);
  const match = (key: string) => get("Match", key);
  const [macs, path, name] = [match("MACAddress"), match("Path"), match("Name")];
  const nic =
    macs !== undefined
      ? { macs: macs.toLowerCase().split(/\s+/) }
      : path !== undefined
        ? { path }
        : name !== undefined && !/[*? ]/.test(name)
          ? { name }
          : undefined;
  const dhcp = get("Network", "DHCP") ?? "no";
  const fixed = [...valuesOf(ini, "Network", "Address"), ...valuesOf(ini, "Address", "Address")];
  const gateways = gatewaysOf(ini);
  const family = (isSix: boolean, otherwise: string): JsonValue => {
    const is = (text: string) => text.includes(":") === isSix;
    const [address, gateway] = [fixed.find(is), gateways.find(is)];
    return address === undefined ? otherwise : { address, ...(gateway !== undefined && { gateway }) };
  };
  const [four, six] = [["yes", "true", "ipv4"].includes(dhcp), ["yes", "true", "ipv6"].includes(dhcp)];
  if (nic === undefined || (fixed.length === 0 && !four && !six)) return undefined;
  const mtu = Number(get("Link", "MTUBytes"));
  const isOff = get("Network", "LinkLocalAddressing") === "no";
  return {
    interface: nic,
    ...(Number.isInteger(mtu) && { mtu }),
    ipv4: family(false, four ? "dhcp" : "none"),
    ipv6: family(true, six ? "dhcp" : isOff ? "none" : "auto"),
  };
}

function list(name: string, words: readonly string[]): JsonObject {
  return words.length > 0 ? { [name]: words } : {};
}

function keysOf(text: string): JsonObject {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const [type = "", body = "", name = ""] = line.split(" ");
      return [name, `${type} ${body}`];
    }),
  );
}

const severities = ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];

function syslogOf(text: string): JsonObject {
  const actions = text.matchAll(/^if \$syslogseverity <= (\d) then action\(\n([^]*?)^\)/gm);
  return Object.fromEntries(
    [...actions].map(([, severity, body = ""]) => {
      const values = new Map([...body.matchAll(/^ +([\w.]+)="(.*)"$/gm)].map(([, key, value]) => [key, value]));
      const protocol = values.has("StreamDriver") ? "tls" : (values.get("protocol") ?? "udp");
      const [name = "", address = "", port] = ["name", "target", "port"].map((key) => values.get(key));
      const entry = { address, port: Number(port), protocol, severity: severities[Number(severity)] ?? "info" };
      return [name.replace("imp-", ""), entry];
    }),
  );
}
