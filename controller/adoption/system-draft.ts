/** What the files say that a box starts from: `management`, `cpu`, `sysctl`. */
import type { JsonObject } from "../../schemas/json.ts";
import type { Found } from "./found.ts";
import { managementDraft } from "./management-draft.ts";
import { section } from "./objects.ts";

export function systemDraft({ files, startup }: Found): JsonObject {
  const management = managementDraft(files);
  return {
    ...(management && { management }),
    ...section("cpu", {
      ...section("core", threadsIn(startup)),
      ...section("nat", threadsIn(files.get("/etc/vpp/startup-nat.conf") ?? "")),
    }),
    ...section("sysctl", parametersIn(files.get("/etc/sysctl.d/90-imp.conf") ?? "")),
  };
}

/** Of a startup.conf of VPP: `cpu { main-core 1 corelist-workers 2-5 }`. */
function threadsIn(startup: string): JsonObject {
  const inside = /^\s*cpu\s*\{([^}]*)\}/m.exec(startup.replaceAll(/#.*$/gm, ""))?.[1] ?? "";
  const main = /\bmain-core\s+(\d+)/.exec(inside)?.[1];
  const workers = /\bcorelist-workers\s+(\S+)/.exec(inside)?.[1];
  return { ...(main !== undefined && { main: Number(main) }), ...(workers !== undefined && { workers }) };
}

function parametersIn(text: string): JsonObject {
  const lines = text.matchAll(/^([^#;\s=]+)\s*=\s*(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
}
