/** The files of customers/: which appliance each belongs to, read no further than a machine needs. */
import { Customer } from "./customer.ts";
import { yamlFiles } from "./layout.ts";
import { nearest } from "./nearest.ts";
import { Problem } from "./problem.ts";
import { checkDocument } from "./shared.ts";
import type { Sites } from "./sites.ts";
import type { YamlDocument } from "./yaml.ts";

/** The name of a file without .yaml: it becomes part of the names of what the customer expands into. */
const customerName = /^[a-z0-9][a-z0-9-]{0,39}$/;

export interface CustomerFile {
  readonly name: string;
  readonly document: YamlDocument;
  /** undefined where it has problems. */
  readonly customer: Customer | undefined;
  readonly problems: readonly Problem[];
}

export interface Customers {
  readonly appliances: ReadonlyMap<string, readonly CustomerFile[]>;
  /**
   * Files that do not tell to which appliance they belong, because they are broken. A machine that such a file mentions
   * must not be loaded without it: its customer would be taken off the machine.
   */
  readonly broken: readonly { readonly text: string; readonly problems: readonly Problem[] }[];
  /** What keeps every machine from knowing its customers: the folder itself cannot be read. */
  readonly problems: readonly Problem[];
}

/** With `only`, files that cannot belong to that machine are not even parsed. */
export async function readCustomers(sites: Sites, only?: string): Promise<Customers> {
  const appliances = new Map<string, CustomerFile[]>();
  const broken: { text: string; problems: readonly Problem[] }[] = [];
  const { files, problems: unreadable } = await yamlFiles(sites, "customers");
  for (const path of only === undefined ? files : await filesNaming(sites, files, only)) {
    const { document, problems } = await sites.file(path);
    const file = document && readCustomer(path, document);
    const appliance = document?.value["appliance"];
    if (file && typeof appliance === "string") appliances.set(appliance, [...(appliances.get(appliance) ?? []), file]);
    else broken.push({ text: (await sites.text(path)) ?? "", problems: [...problems, ...(file?.problems ?? [])] });
  }
  return { appliances, broken, problems: unreadable };
}

/** The files whose text names the machine. Only an escape in a quoted text could spell the name in other letters. */
async function filesNaming(sites: Sites, paths: readonly string[], machine: string): Promise<readonly string[]> {
  const named: string[] = [];
  for (let from = 0; from < paths.length; from += 32) {
    const some = paths.slice(from, from + 32);
    const texts = await Promise.all(some.map((path) => sites.text(path)));
    named.push(
      ...some.filter((_, at) => texts[at] === undefined || /\\/.test(texts[at]) || texts[at].includes(machine)),
    );
  }
  return named;
}

function readCustomer(path: string, document: YamlDocument): CustomerFile {
  const name = path.slice("customers/".length, -".yaml".length);
  const { value, problems } = checkDocument(Customer, document);
  if (customerName.test(name)) return { name, document, customer: value, problems };
  const bad = new Problem("SCHEMA", `${JSON.stringify(name)} is no name of a customer`, {
    at: { file: path, line: 1, column: 1 },
    remedy: "Name the file with a-z, 0-9 and '-', at most 40.",
  });
  return { name, document, customer: undefined, problems: [bad, ...problems] };
}

/** Files that name an appliance which does not exist. */
export function homeless(customers: Customers, machines: readonly string[]): readonly Problem[] {
  const known = new Set(machines);
  return [...customers.appliances]
    .filter(([appliance]) => !known.has(appliance))
    .flatMap(([appliance, files]) =>
      files.map(({ document }) => {
        const at = document.locate(["appliance"], "value");
        const meant = nearest(appliance, machines);
        return new Problem("SEMANTICS", `there is no appliance ${JSON.stringify(appliance.slice(0, 80))}`, {
          ...(at && { at }),
          path: "appliance",
          remedy: meant ? `Did you mean ${meant}?` : "Name one as <site>/<appliance>.",
        });
      }),
    );
}
