import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyView } from "../src/fold";
import { hasOlder, prepend } from "../src/history";
import type { ConversationDetail, Message, Run, ToolRun } from "../src/types";

const messages = (ids: string[]) => ids.map((id) => ({ id, content: "old" }) as Message);
const page = (ids: string[], messageCount: number) =>
  ({ messages: messages(ids), toolRuns: [{ id: "t1" } as ToolRun], runs: [{ id: "r1" } as Run], messageCount }) as ConversationDetail;
const many = (count: number) => Array.from({ length: count }, (_, at) => `m${at}`);

test("an older page comes in front, and what is known already stays as it is", () => {
  const view = { ...emptyView(), messages: [{ id: "m2", content: "new" } as Message], toolRuns: [{ id: "t1", version: "2" } as ToolRun] };
  prepend(view, page(["m1", "m2"], 9));
  assert.deepEqual(view.messages.map(({ id, content }) => `${id} ${content}`), ["m1 old", "m2 new"]);
  assert.deepEqual(view.toolRuns, [{ id: "t1", version: "2" }]);
  assert.deepEqual(view.runs.map(({ id }) => id), ["r1"]);
});

test("a full page may have more before it, a short one has not", () => {
  assert.equal(hasOlder(page(many(50), 120)), true);
  assert.equal(hasOlder(page(many(50), 50)), false);
  assert.equal(hasOlder(page(many(20), 120)), false);
  assert.equal(hasOlder(page([], 0)), false);
});
