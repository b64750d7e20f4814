/** The pool and its boot environments for people: a line for each, the one that runs marked. */
import { printableData } from "../../schemas/printable.ts";
import type { ShownEnvironment, ShownPool } from "../boot-environments.ts";
import { sizeText } from "../size.ts";
import type { Terminal } from "./terminal.ts";

export function poolText(document: ShownPool, terminal: Terminal): string {
  const { pool, bootfs, chosenByHand, environments } = printableData(document);
  const health = pool.health === "ONLINE" ? pool.health : terminal.style("red", pool.health);
  const head = `pool ${pool.name} ${health}, ${sizeText(pool.availableBytes)} free`;
  const warning =
    bootfs === undefined
      ? [terminal.style("red", "bootfs names nothing: the next boot stops in the boot menu. impctl be activate one.")]
      : chosenByHand
        ? [
            terminal.style(
              "yellow",
              `${chosenByHand.running} was chosen by hand: ${chosenByHand.next} boots next, and nothing is deployed here.`,
            ),
          ]
        : [];
  const rows = [["", "NAME", "ROLES", "COMMITTED", "SIZE", "OWN", "MADE", "FROM"], ...environments.map(row)];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((one) => one[column]?.length ?? 0)));
  const lines = rows.map((one) =>
    one
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const pins = environments.flatMap(({ name, pin }) => (pin === undefined ? [] : [`${name} is pinned: ${pin}`]));
  return [head, ...warning, ...lines, ...pins].join("\n");
}

function row(one: ShownEnvironment): readonly string[] {
  const { name, roles, committed, receiving, image, version, usedBytes, referencedBytes, createdAt, origin } = one;
  const from = [image !== undefined && image !== name ? image : "", version ?? "", origin ? `clone of ${origin}` : ""];
  return [
    roles.includes("running") ? "*" : " ",
    name,
    receiving ? "being received" : roles.length === 0 ? "-" : roles.join(", "),
    committed ? "yes" : "no",
    sizeText(referencedBytes),
    sizeText(usedBytes),
    new Date(createdAt).toISOString().slice(0, 10),
    from.filter((part) => part !== "").join(" ") || "-",
  ];
}
