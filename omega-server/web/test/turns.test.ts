import assert from "node:assert/strict";
import { test } from "node:test";
import type { View } from "../src/fold";
import { turnsOf } from "../src/turns";

const user = (id: string, runId: string) => ({ id, runId, role: "user", content: id, parts: [] });
const answer = (id: string, runId: string) => ({ id, runId, role: "assistant", content: id, parts: [] });
const run = (id: string, status: string) => ({ id, status, messageId: `q${id}` });
const order = (messages: object[], runs: object[]) =>
  turnsOf({ messages, runs, toolRuns: [], partials: [] } as unknown as View).map((turn) => (turn.kind === "user" ? turn.message.id : turn.messages.map(({ id }) => id).join("+")));

test("a question stands before its answer, however long it waited", () => {
  const all = ["1", "2", "3"].map((id) => run(id, "completed"));
  assert.deepEqual(order([user("q1", "1"), answer("a1", "1"), user("q2", "2"), answer("a2", "2")], all), ["q1", "a1", "q2", "a2"]);
  // Two were sent while the first answer came.
  assert.deepEqual(order([user("q1", "1"), answer("a1", "1"), user("q2", "2"), user("q3", "3"), answer("b1", "1"), answer("a2", "2"), answer("a3", "3")], all), ["q1", "a1+b1", "q2", "a2", "q3", "a3"]);
});

test("what waits is last, and what was taken back stays where it was", () => {
  const messages = [user("q1", "1"), answer("a1", "1"), user("q2", "2"), user("q3", "3"), answer("b1", "1")];
  assert.deepEqual(order(messages, [run("1", "running"), run("2", "cancelled"), run("3", "queued")]), ["q1", "a1", "q2", "b1", "q3"]);
});
