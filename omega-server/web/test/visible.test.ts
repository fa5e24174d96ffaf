import assert from "node:assert/strict";
import { test } from "node:test";
import { readableText, visibleText } from "../src/visible";

test("nothing hides or reorders in names, inputs and outputs", () => {
  const hidden = [0x00, 0x07, 0x1b, 0x7f, 0x9b, 0x61c, 0x180e, 0x200b, 0x200e, 0x200f, 0x2028, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0xfeff, 0xfff9];
  for (const code of hidden) assert.equal(visibleText(`a${String.fromCharCode(code)}b`), `a\\u${code.toString(16).padStart(4, "0")}b`);
  assert.equal(visibleText("a\u{e0041}b"), "a\\udb40\\udc41b");
});

test("what people write stays as it is", () => {
  for (const text of ["line\n\tnext", "👩‍👩‍👧", "שלום עולם", "نعم", "é日本語", "می‌خواهم"]) assert.equal(visibleText(text), text);
  assert.equal(readableText("\u200fשלום\u2067a\u2069"), "\u200fשלום\u2067a\u2069");
});
