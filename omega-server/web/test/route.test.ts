import assert from "node:assert/strict";
import { test } from "node:test";
import { rootOf } from "../src/root";
import { SETTINGS, conversationPath, parseRoute } from "../src/route";

test("an address leads where it was made for", () => {
  assert.deepEqual(parseRoute("/omega"), { page: "front" });
  assert.deepEqual(parseRoute(SETTINGS), { page: "settings" });
  assert.deepEqual(parseRoute(`${SETTINGS}/`), { page: "settings" });
  for (const front of ["/omega/", "/", "/omega//"]) assert.deepEqual(parseRoute(front), { page: "front" });
  for (const none of ["/omega/c/", "/omega/c/a%", "/omega/c/a/b", "/omega/nope", "/omega//settings", "/elsewhere"]) {
    assert.deepEqual(parseRoute(none), { page: "none" }, none);
  }
  for (const id of ["8f14e45f-ceea-467f-a8d7-000000000000", "a b", "ä/?"]) {
    assert.deepEqual(parseRoute(conversationPath(id)), { page: "conversation", id });
    assert.deepEqual(parseRoute(`${conversationPath(id)}/`), { page: "conversation", id });
  }
});

test("the server may lie below any path", () => {
  assert.equal(rootOf("https://a.test/omega/assets/app-X.js"), "");
  assert.equal(rootOf("https://a.test/tools/omega/assets/chunk-X.js?v"), "/tools");
  assert.equal(rootOf("https://a.test/omega/assets/omega/assets/app-X.js"), "/omega/assets");
  assert.equal(rootOf("file:///somewhere/else.js"), "");
});
