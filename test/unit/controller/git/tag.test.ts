import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseTag } from "../../../../controller/git/tag.ts";

const head = `object ${"a".repeat(40)}\ntype commit\ntag approve/0123456789ab\ntagger Nora <n@example.net> 7 +0100\n`;
const signature = "-----BEGIN SSH SIGNATURE-----\nAAA\n-----END SSH SIGNATURE-----\n";

it("reads what was signed to the byte", () => {
  const raw = `${head}\nAgreed with Köln\n\nMore.\n${signature}`;

  const { signed, ...tag } = parseTag(Buffer.from(raw));

  expect(tag).toMatchObject({
    name: "approve/0123456789ab",
    object: "a".repeat(40),
    type: "commit",
    subject: "Agreed with Köln",
  });
  expect(signed).toMatchObject({ claimedAt: 7000, signature });
  expect(signed.name).toBe("tag approve/0123456789ab by Nora <n@example.net>");
  expect(`${signed.payload.toString()}${signed.signature}`).toBe(raw);
});

it("takes for the signature only what stands last, as git does", () => {
  const { signed } = parseTag(Buffer.from(`${head}\nQuote:\n${signature}\nand mine:\n${signature}`));

  expect(signed.signature).toBe(signature);
  expect(signed.payload.toString()).toContain("and mine:\n");
  expect(parseTag(Buffer.from(`${head}\nno signature\n`)).signed.signature).toBeUndefined();
  expect(parseTag(Buffer.from(`${signature}object x\n\ny`)).signed.signature).toBeUndefined();
});

it("is total, and keeps names printable", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(parseTag(bytes).id).toMatch(/^[0-9a-f]{40}$/);
    }),
  );
  const loud = Buffer.from(head.replace("Nora", "\u001B[31mNora"));
  expect(parseTag(loud).signed.name).toContain("\\u{1b}[31mNora");
});
