/** Sizes for people. */

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** "512 B", "1.5 GiB", "230 GiB": two digits or more, of the largest unit that is not below one. */
export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 2 ** (10 * power);
  return `${power === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
