import assert from "node:assert/strict";
import { test } from "node:test";
import type { View } from "../src/state";
import { turnsOf } from "../src/turns";

const user = (id: string, runId: string) => ({ id, runId, role: "user", content: id, parts: [] });
const answer = (id: string, runId: string) => ({ id, runId, role: "assistant", content: id, parts: [] });
const run = (id: string, status: string) => ({ id, status, messageId: `q${id}` });
const order = (messages: object[], runs: object[]) =>
  turnsOf({ messages, runs, toolRuns: [], partials: [], participants: [] } as unknown as View).map((turn) => (turn.kind === "user" ? turn.message.id : turn.messages.map(({ id }) => id).join("+")));

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

test("what was answered stands behind what was said before it, also where nothing was", () => {
  const at = (seconds: number) => `2026-01-01T00:00:0${seconds}.000Z`;
  const answers = [
    { kind: "plan", at: at(1), by: "u1", planId: "p" },
    { kind: "approval", at: at(3), by: "u1", toolRunId: "t1", decision: "approve", remember: "once" },
    { kind: "credentials", at: at(5), by: "gone", names: ["A"], save: "once" },
  ];
  const said = (id: string, seconds: number) => ({ ...answer(id, "1"), createdAt: at(seconds) });
  const told = (messages: object[]) =>
    turnsOf({ messages, runs: [{ ...run("1", "completed"), answers }], toolRuns: [], partials: [], participants: [{ userId: "u1", displayName: "Ada" }] } as unknown as View);
  const [asked, answered] = told([user("q1", "1"), said("a1", 2), said("b1", 4)]);
  assert.deepEqual(asked?.told, []);
  assert.ok(answered?.kind === "assistant");
  const names = (list: { name: string; answer: { kind: string } }[]) => list.map(({ name, answer: { kind } }) => `${name} ${kind}`);
  assert.deepEqual(names(answered.told.before), ["Ada plan"]);
  assert.deepEqual([...answered.told.behind].map(([id, list]) => [id, names(list)]), [["a1", ["Ada approval"]], ["b1", ["somebody credentials"]]]);
  const [silent] = told([user("q1", "1")]);
  assert.ok(silent?.kind === "user");
  assert.equal(silent.told.length, 3);
});
