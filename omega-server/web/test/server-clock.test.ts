import assert from "node:assert/strict";
import { test } from "node:test";
import { heard, serverNow } from "../src/server-clock";

test("the server's clock is its own, and the way of an answer is none", () => {
  for (const [off, ahead] of [[3_600_000, 3_600_000], [-86_400_000, -86_400_000], [900, 0], [-1_500, 0]] as const) {
    heard(new Date(Date.now() + off).toISOString());
    assert.ok(Math.abs(serverNow() - Date.now() - ahead) < 500, String(off));
  }
  heard(new Date(Date.now() + 3_600_000).toISOString());
  for (const nothing of [undefined, null, 7, "", "soon"]) heard(nothing);
  assert.ok(serverNow() - Date.now() > 3_000_000, "what says nothing changes nothing");
});
