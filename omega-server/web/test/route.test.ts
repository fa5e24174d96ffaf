import assert from "node:assert/strict";
import { test } from "node:test";
import { SETTINGS, conversationPath, parseRoute } from "../src/route";

test("an address leads where it was made for", () => {
  assert.deepEqual(parseRoute("/omega"), { page: "front" });
  assert.deepEqual(parseRoute(SETTINGS), { page: "settings" });
  assert.deepEqual(parseRoute(`${SETTINGS}/`), { page: "settings" });
  assert.deepEqual(parseRoute("/omega/c/"), { page: "front" });
  assert.deepEqual(parseRoute("/omega/c/a%"), { page: "front" });
  for (const id of ["8f14e45f-ceea-467f-a8d7-000000000000", "a b", "ä/?"]) {
    assert.deepEqual(parseRoute(conversationPath(id)), { page: "conversation", id });
    assert.deepEqual(parseRoute(`${conversationPath(id)}/`), { page: "conversation", id });
  }
});
