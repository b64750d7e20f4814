/**
 * The messages that we know, as a running VPP has them: their numbers, and who encodes and decodes them. A message that has
 * our CRC has our layout. One with another CRC is taken as that VPP describes it, if all that we know is in it.
 */
import { Problem } from "../../../schemas/problem.ts";
import { Codecs, framingOf, type MessageCodec } from "./codec.ts";
import { type Definitions, known, misfit } from "./definitions.ts";
import type { ServiceText } from "./table.ts";

/** What VPP calls its messages at a connection: "show_version_51077d14" → number. */
export type Numbering = ReadonlyMap<string, number>;

export interface CatalogueEntry {
  readonly id: number;
  readonly codec: MessageCodec;
}

export class Catalogue {
  /** As `show version` says; for messages to people. */
  version = "";
  private readonly numbering: Numbering;
  private readonly definitions: Definitions;
  private readonly entries = new Map<string, CatalogueEntry>();
  /** Why a message cannot be used, as a clause. */
  private readonly reasons = new Map<string, string>();
  private readonly contexts = new Map<number, number | undefined>();
  private readonly names = new Map<number, string>();

  /** `running` are VPP's own definitions, where `strangers` says that they are needed. */
  constructor(numbering: Numbering, running: Definitions | undefined, ours: Definitions = known()) {
    this.numbering = numbering;
    this.definitions = ours;
    const codecs = new Codecs(ours);
    const theirs = running && new Codecs(running);
    const others = new Map([...numbering.keys()].map((name) => [bare(name), name]));
    for (const { name, crc } of ours.message.values()) {
      const id = numbering.get(`${name}_${crc}`);
      if (id !== undefined) {
        this.add(name, id, ours, codecs);
        continue;
      }
      const other = others.get(name);
      const why = other === undefined ? "" : this.misfitOf(name, ours, running);
      if (why === undefined && running && theirs && other !== undefined) {
        this.add(name, numbering.get(other) ?? 0, running, theirs);
      } else if (why !== undefined) this.reasons.set(name, why);
    }
  }

  /** Throws VPP_MESSAGE, which names the message, its plugin and the version of VPP. */
  entry(name: string): CatalogueEntry {
    const entry = this.entries.get(name);
    if (entry) return entry;
    throw this.unknown(name);
  }

  /** Who answers a request. Throws VPP_MESSAGE where any of that is unknown. */
  service(request: string): ServiceText {
    const service = this.definitions.service.get(request);
    if (!service) throw new Problem("INTERNAL", `There is no request ${request}.`);
    for (const name of [request, service.reply, service.details]) {
      if (name !== undefined && !this.entries.has(name)) throw this.unknown(name, request);
    }
    return service;
  }

  has(request: string): boolean {
    const service = this.definitions.service.get(request);
    return (
      service !== undefined &&
      [request, service.reply, service.details].every((name) => name === undefined || this.entries.has(name))
    );
  }

  contextAt(id: number): number | undefined {
    return this.contexts.get(id);
  }

  /** The event that has this number. */
  event(id: number): CatalogueEntry | undefined {
    const name = this.names.get(id);
    return name === undefined ? undefined : this.entries.get(name);
  }

  private add(name: string, id: number, definitions: Definitions, codecs: Codecs): void {
    const fields = definitions.message.get(name)?.fields ?? [];
    this.contexts.set(id, framingOf(fields).contextAt);
    this.names.set(id, name);
    let codec: MessageCodec | undefined;
    this.entries.set(name, {
      id,
      // Most of them are never used in a connection.
      get codec() {
        codec ??= codecs.message(name);
        return codec;
      },
    });
  }

  private misfitOf(name: string, ours: Definitions, running: Definitions | undefined): string | undefined {
    const definition = running?.message.get(name);
    if (!running || !definition) return "has another CRC, and nothing describes it";
    if (!this.numbering.has(`${name}_${definition.crc}`)) return "has another CRC than its installed definition";
    return misfit(name, ours, running);
  }

  private unknown(name: string, request = name): Problem {
    const plugin = this.definitions.service.get(request)?.plugin;
    const whose = plugin === undefined ? "" : ` (plugin ${plugin})`;
    const why = this.reasons.get(name) ?? "";
    const vpp = `VPP ${this.version}`.trim();
    const message =
      why === ""
        ? `${vpp} does not know ${name}${whose}.`
        : `${vpp} has ${name}${whose} in a form that is not known here: it ${why}.`;
    return new Problem("VPP_MESSAGE", message, {
      remedy:
        plugin === undefined
          ? "It needs another version of VPP, or of impctl."
          : `See that ${plugin}_plugin.so is loaded ("show plugins"), or use another version of VPP or of impctl.`,
    });
  }
}

/** Messages that we know by another CRC than this VPP has: only its own definitions say what they look like. */
export function strangers(numbering: Numbering, ours: Definitions = known()): readonly string[] {
  const names = new Set([...numbering.keys()].map(bare));
  return [...ours.message.values()]
    .filter(({ name, crc }) => names.has(name) && !numbering.has(`${name}_${crc}`))
    .map(({ name }) => name);
}

function bare(name: string): string {
  return name.replace(/_[0-9a-f]{8}$/, "");
}
