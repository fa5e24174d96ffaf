import assert from "node:assert/strict";
import { test } from "node:test";
import cases from "./fold-cases.json";
import { apply } from "../src/fold";
import { emptyView, viewOf, type View } from "../src/state";
import type { ConversationDetail, Envelope } from "../src/types";

interface Case {
  name: string;
  start?: ConversationDetail;
  events: Envelope[];
  applied: string[];
  view: unknown;
}

/** As JSON, which is how the core's view is compared too. */
const plain = (view: View): unknown => JSON.parse(JSON.stringify(view));

const start = (one: Case) => (one.start ? viewOf(structuredClone(one.start)) : emptyView());

for (const one of cases as unknown as Case[]) {
  test(`the page folds as the core does: ${one.name}`, () => {
    const view = start(one);
    const applied = one.events.map((event) => apply(view, structuredClone(event)));
    assert.deepEqual(applied, one.applied);
    assert.deepEqual(plain(view), one.view);
  });

  test(`seeing events again changes nothing: ${one.name}`, () => {
    // Where the text was dropped, or asked for again, an old delta is no repetition.
    if (one.applied.includes("gap") || one.events.some((event) => event.type === "message.reset")) return;
    const view = start(one);
    one.events.forEach((event, at) => {
      apply(view, event);
      // What a reconnect brings again: everything so far.
      for (const again of one.events.slice(0, at)) {
        if (again.type !== "snapshot" && again.type !== "resync") apply(view, again);
      }
    });
    assert.deepEqual(plain(view), one.view);
  });
}

test("what did not change keeps its identity", () => {
  const one = (cases as unknown as Case[]).find((row) => row.name === "a run with two steps and a tool");
  assert.ok(one);
  const view = start(one);
  let before = { ...view };
  for (const event of one.events) {
    apply(view, event);
    if (event.type === "message.delta") assert.equal(view.toolRuns, before.toolRuns);
    if (event.type === "run.step.tool.completed") assert.equal(view.messages, before.messages);
    before = { ...view };
  }
});

test("what is waited for right now is told behind a snapshot, without a number", () => {
  const view = emptyView();
  assert.equal(apply(view, { v: 1, conversationId: "c", at: "2026-01-01T00:00:00Z", type: "status", phase: "retrying", message: "again", againAt: "2026-01-01T00:00:50Z" }), "changed");
  assert.deepEqual([view.status, view.againAt, view.lastSeq], ["again", "2026-01-01T00:00:50Z", 0]);
});
