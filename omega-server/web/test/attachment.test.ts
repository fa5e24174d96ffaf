import assert from "node:assert/strict";
import { test } from "node:test";
import { attached, pasted } from "../src/attachment";

const file = (name: string, content: BlobPart) => new File([content], name);

test("a file of text goes along whole", async () => {
  assert.deepEqual(await attached(file("a.csv", "näme,city\nAda,London\n")), { name: "a.csv", text: "näme,city\nAda,London\n", bytes: 22 });
  assert.equal(pasted("é".repeat(10)).bytes, 20);
});

test("what is no text, empty or too large is refused in words that name it", async () => {
  for (const [name, content, words] of [
    ["a.png", new Uint8Array([0x89, 0x50, 0xff]), /a\.png is no text/],
    ["b.txt", "a\0b", /b\.txt is no text/],
    ["c.txt", "", /c\.txt is empty/],
    ["d.txt", new Uint8Array(32 * 1024 * 1024 + 1), /d\.txt has 32\.0 MiB; at most/],
  ] as const) await assert.rejects(attached(file(name, content)), words);
  assert.throws(() => pasted("a\0b"), /no text/);
});
