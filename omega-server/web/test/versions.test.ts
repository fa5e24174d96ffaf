import assert from "node:assert/strict";
import { test } from "node:test";
import type { View } from "../src/state";
import { foldsOf, turnsOf } from "../src/turns";
import type { Message } from "../src/types";
import { newestOf, versionsOf } from "../src/versions";

const user = (id: string, replaces?: string) => ({ id, seq: Number(id.slice(1)) * 10, runId: id, role: "user", content: `words of ${id}`, parts: [], ...(replaces && { replaces }) });
const answer = (of: string) => ({ id: `a${of}`, seq: Number(of.slice(1)) * 10 + 5, runId: of, role: "assistant", content: "", parts: [] });
const pairs = (...questions: ReturnType<typeof user>[]) => questions.flatMap((question) => [question, answer(question.id)]);
const messagesOf = (...questions: ReturnType<typeof user>[]) => pairs(...questions) as unknown as Message[];

/** What is folded: the first of each fold, and how many questions are in it. */
function folded(...questions: ReturnType<typeof user>[]) {
  const runs = questions.map(({ id }) => ({ id, status: "completed", messageId: id }));
  const turns = turnsOf({ messages: pairs(...questions), runs, toolRuns: [], partials: [], participants: [] } as unknown as View);
  const folds = foldsOf(turns);
  const shown = turns.filter((turn) => !folds.has(turn)).map(({ key }) => key);
  return { shown, folds: [...folds.values()].filter(({ isFirst }) => isFirst).map(({ key, questions }) => `${key} ${questions}`) };
}

test("a question and its answer are folded where a newer version took their place", () => {
  assert.deepEqual(folded(user("q1"), user("q2")), { shown: ["q1", "aq1", "q2", "aq2"], folds: [] });
  assert.deepEqual(folded(user("q1"), user("q2", "q1")), { shown: ["q2", "aq2"], folds: ["q1 1"] });
  assert.deepEqual(folded(user("q1"), user("q2", "q1"), user("q3", "q2")), { shown: ["q3", "aq3"], folds: ["q1 2"] });
  // What stands between them stays, and makes two folds of them.
  assert.deepEqual(folded(user("q1"), user("q2"), user("q3", "q1")), { shown: ["q2", "aq2", "q3", "aq3"], folds: ["q1 1"] });
  assert.deepEqual(folded(user("q1"), user("q2", "q1"), user("q3"), user("q4", "q2")), { shown: ["q3", "aq3", "q4", "aq4"], folds: ["q1 2"] });
  assert.deepEqual(folded(user("q1"), user("q2"), user("q3", "q2"), user("q4", "q1")), { shown: ["q3", "aq3", "q4", "aq4"], folds: ["q1 2"] });
});

test("a version has its number where all before it are known, and the way to the one before", () => {
  const of = (...questions: ReturnType<typeof user>[]) => [...versionsOf(messagesOf(...questions))].map(([id, { number, before }]) => `${id} ${number ?? "?"} ${before ?? "?"}`);
  assert.deepEqual(of(user("q1"), user("q2", "q1"), user("q3"), user("q4", "q2")), ["q2 2 10", "q4 3 20"]);
  // The first one is further back than what was loaded.
  assert.deepEqual(of(user("q2", "q1"), user("q4", "q2")), ["q2 ? ?", "q4 ? 20"]);
});

test("the newest version of a message is the end of its chain, whatever a server says", () => {
  const messages = messagesOf(user("q1"), user("q2", "q1"), user("q3"), user("q4", "q2"));
  assert.deepEqual(["q1", "q2", "q3", "q4", "none"].map((id) => newestOf(messages, id)), ["q4", "q4", "q3", "q4", "none"]);
  newestOf(messagesOf(user("q1", "q2"), user("q2", "q1"), user("q3", "q3")), "q1");
});
