/** Reads what `zfs get -Hp -o name,property,value,source` prints. Pure. */

/** A dataset or snapshot with the properties that were asked for. */
export interface Properties {
  readonly name: string;
  readonly values: ReadonlyMap<string, Property>;
}

export interface Property {
  readonly value: string;
  /** "local", "default", "received", "inherited from tank", "-". */
  readonly source: string;
}

/** In the order in which they are printed. A line of another shape is a user property with a line end in it: left out. */
export function propertiesIn(text: string): readonly Properties[] {
  const found = new Map<string, Map<string, Property>>();
  for (const line of text.split("\n")) {
    const [name, property, ...rest] = line.split("\t");
    const source = rest.pop();
    if (name === undefined || property === undefined || source === undefined || rest.length === 0) continue;
    const values = found.get(name) ?? new Map<string, Property>();
    found.set(name, values);
    // A value may hold what separates the columns; the first line about a property is the property's.
    if (!values.has(property)) values.set(property, { value: rest.join("\t"), source });
  }
  return [...found].map(([name, values]) => ({ name, values }));
}

/** The value; undefined where it has none. */
export function textOf({ values }: Properties, property: string): string | undefined {
  const value = values.get(property)?.value;
  return value === undefined || value === "-" || value === "" ? undefined : value;
}

/** The value as a number; 0 where it has none. */
export function numberOf(properties: Properties, property: string): number {
  const number = Number(textOf(properties, property) ?? 0);
  return Number.isFinite(number) ? number : 0;
}

/** The value, if it was set here. */
export function localOf({ values }: Properties, property: string): string | undefined {
  const found = values.get(property);
  return found?.source === "local" ? found.value : undefined;
}
