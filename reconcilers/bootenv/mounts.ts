/** What /proc/self/mountinfo says: proc(5) has the fields. Pure. */

/** The dataset that is mounted at "/", if it is one; the last mount hides those before it. */
export function rootDataset(mountinfo: string): string | undefined {
  const root = mountsOf(mountinfo).findLast(({ point }) => point === "/");
  return root?.type === "zfs" ? root.source : undefined;
}

export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
}

/** What is mounted, in the order of the file. */
export function mountsOf(mountinfo: string): readonly Mount[] {
  return mountinfo.split("\n").flatMap((line): Mount[] => {
    const fields = line.split(" ");
    const [, type, source] = fields.includes("-") ? fields.slice(fields.indexOf("-")) : [];
    if (type === undefined || source === undefined) return [];
    return [{ point: plain(fields[4] ?? ""), type, source: plain(source) }];
  });
}

function plain(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
