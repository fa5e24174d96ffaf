import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyView, usageOf, viewOf } from "../src/state";
import { hasOlder, prepend } from "../src/history";
import type { ConversationDetail, Message, Run, ToolRun, Usage } from "../src/types";

const usage = (inputTokens: number): Usage => ({ ...emptyView().earlier, inputTokens, costMicros: inputTokens * 2 });
const run = (id: string, inputTokens: number) => ({ id, usage: usage(inputTokens) }) as Run;
const messages = (ids: string[]) => ids.map((id) => ({ id, content: "old" }) as Message);
const page = (ids: string[], messageCount: number) =>
  ({ messages: messages(ids), toolRuns: [{ id: "t1" } as ToolRun], runs: [run("r1", 5)], messageCount }) as ConversationDetail;
const many = (count: number) => Array.from({ length: count }, (_, at) => `m${at}`);

test("an older page comes in front, and what is known already stays as it is", () => {
  const view = { ...emptyView(), messages: [{ id: "m2", content: "new" } as Message], toolRuns: [{ id: "t1", version: "2" } as ToolRun] };
  prepend(view, page(["m1", "m2"], 9));
  assert.deepEqual(view.messages.map(({ id, content }) => `${id} ${content}`), ["m1 old", "m2 new"]);
  assert.deepEqual(view.toolRuns, [{ id: "t1", version: "2" }]);
  assert.deepEqual(view.runs.map(({ id }) => id), ["r1"]);
});

test("the tokens of a conversation are the same however much of it is here", () => {
  const view = viewOf({ ...page(["m2"], 9), runs: [run("r2", 7)], usage: usage(20) });
  assert.deepEqual(usageOf(view), usage(20));
  prepend(view, { ...page(["m1"], 9), runs: [run("r1", 5), run("r2", 7)] });
  assert.deepEqual(usageOf(view), usage(20));
  prepend(view, { ...page(["m0"], 9), runs: [run("r0", 8)] });
  assert.deepEqual([usageOf(view), view.earlier], [usage(20), usage(0)]);
});

test("a full page may have more before it, a short one has not", () => {
  assert.equal(hasOlder(page(many(50), 120)), true);
  assert.equal(hasOlder(page(many(50), 50)), false);
  assert.equal(hasOlder(page(many(20), 120)), false);
  assert.equal(hasOlder(page([], 0)), false);
});
