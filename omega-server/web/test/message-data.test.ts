import assert from "node:assert/strict";
import { test } from "node:test";
import { written } from "../src/message-data";

test("a message's words and its data are told apart", () => {
  assert.deepEqual(written('count\n\n<stdin bytes="9000" handle="stdin">\na,b\n[omega: 8000 bytes are not shown here]\n1,2\n</stdin>'), {
    words: "count", data: { shown: "a,b\n[omega: 8000 bytes are not shown here]\n1,2", bytes: 9000 },
  });
  assert.deepEqual(written("<stdin-2>\n<stdin>é\n</stdin-2>"), { words: "", data: { shown: "<stdin>é", bytes: 9 } });
});

test("what only looks like data is words", () => {
  for (const text of ["", "say <stdin>\nx\n</stdin>", "a\n\n<stdin>\nx", "a\n\n<stdin>x</stdin>", "a\n\n<stdin>\nx\n</stdin> and more", "<stdinx>\na\n</stdinx>", "<stdin>\n</stdin>"]) {
    assert.deepEqual(written(text), { words: text, data: null }, text);
  }
});
