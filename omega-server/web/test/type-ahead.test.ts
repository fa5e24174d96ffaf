import assert from "node:assert/strict";
import { test } from "node:test";
import { TypeAhead } from "../src/type-ahead";
import type { StoredApproval } from "../src/types";
import { ruleOf } from "../src/view/lasting-notice";

type At = { asked: true } | { seen: number } | { key: number; counts: boolean };
const asked: At = { asked: true };
const seen = (at: number): At => ({ seen: at });
const key = (at: number, counts: boolean): At => ({ key: at, counts });

// The table of omega-core/src/type_ahead.rs.
const TABLE: [string, At[]][] = [
  ["at once", [asked, seen(0), key(0, false)]],
  ["too soon", [asked, seen(0), key(499, false)]],
  ["after the quiet", [asked, seen(0), key(500, true)]],
  ["once it hears, each key counts", [asked, seen(0), key(700, true), key(701, true), key(702, true)]],
  ["a key begins the quiet anew", [asked, seen(0), key(400, false), key(899, false), key(1399, true)]],
  ["a word", [asked, seen(0), key(90, false), key(180, false), key(270, false), key(640, false)]],
  ["before it was seen", [asked, key(10_000, false), key(20_000, false), seen(20_000), key(20_500, true)]],
  ["the next question", [asked, seen(0), key(600, true), asked, seen(610), key(700, false), key(1200, true)]],
  ["drawn again is not seen again", [asked, seen(0), seen(400), key(500, true)]],
  ["a clock put back", [asked, seen(9_000), key(100, false), key(599, false), key(1_099, true)]],
];

test("only a key after quiet answers", () => {
  for (const [name, happens] of TABLE) {
    const keys = new TypeAhead();
    for (const at of happens) {
      if ("asked" in at) keys.asked();
      else if ("seen" in at) keys.seen(at.seen);
      else assert.equal(keys.key(at.key), at.counts, `${name}, at ${at.key}`);
    }
  }
});

test("what is taken back is the yes that was given, and no other", () => {
  const rule = (id: string, toolId: string, createdAt: string, conversationId?: string) =>
    ({ id, toolId, createdAt, conversationId }) as StoredApproval;
  const stored = [
    rule("other tool", "b::b", "2026-11-28T20:00:09Z"),
    rule("before", "a::a", "2026-11-28T20:00:01Z"),
    rule("everywhere", "a::a", "2026-11-28T20:00:02Z"),
    rule("here", "a::a", "2026-11-28T20:00:03Z", "c"),
    rule("elsewhere", "a::a", "2026-11-28T20:00:04Z", "d"),
  ];
  assert.equal(ruleOf(stored, { toolId: "a::a", remember: "always" }, "c")?.id, "everywhere");
  assert.equal(ruleOf(stored, { toolId: "a::a", remember: "conversation" }, "c")?.id, "here");
  assert.equal(ruleOf(stored, { toolId: "c::c", remember: "always" }, "c"), undefined);
});
