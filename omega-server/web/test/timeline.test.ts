import assert from "node:assert/strict";
import { test } from "node:test";
import type { View } from "../src/state";
import { attempt, bar, group } from "../src/timeline";
import type { Run, ToolRun } from "../src/types";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const run = (id: string, more: Partial<Run> = {}) => ({ id, messageId: `m${id}`, status: "completed", createdAt: at(0), startedAt: at(0), finishedAt: at(10), ...more }) as Run;
const call = (id: string, runId: string, more: Partial<ToolRun> = {}) => ({ id, runId, status: "succeeded", createdAt: at(2), durationMs: 5000, ...more }) as ToolRun;

test("a call lies where it was in the time of its run", () => {
  assert.deepEqual(bar(call("a", "1"), run("1"), 0), { left: 20, width: 50 });
  assert.deepEqual(bar(call("a", "1", { durationMs: 0 }), run("1"), 0), { left: 20, width: 1 });
  const { finishedAt: _, ...working } = run("1", { status: "running" });
  const { durationMs: __, ...open } = call("a", "1", { status: "started" });
  assert.deepEqual(bar(open as ToolRun, working as Run, Date.parse(at(4))), { left: 50, width: 50 });
  for (const odd of [call("a", "1", { createdAt: at(-9) }), call("a", "1", { createdAt: at(99), durationMs: 1e9 })]) {
    const { left, width } = bar(odd, run("1"), 0);
    assert.ok(left >= 0 && width >= 1 && left + width <= 100);
  }
});

test("calls stand with their runs, the newest run first", () => {
  const view = { runs: [run("1"), run("2"), run("3")], messages: [{ id: "m1", content: "first" }], toolRuns: [call("a", "1"), call("b", "3", { status: "failed" }), call("c", "1", { status: "started" })] } as unknown as View;
  assert.deepEqual(group(view, "all").map((one) => [one.question, one.calls.map(({ id }) => id)]), [["", ["b"]], ["first", ["a", "c"]]]);
  assert.deepEqual(group(view, "open").map((one) => one.calls.map(({ id }) => id)), [["c"]]);
  assert.deepEqual(group(view, "failed").map((one) => one.run.id), ["3"]);
});

test("a call is another attempt while the same tool has come to nothing before it in the run", () => {
  const calls = [
    call("a", "1", { toolId: "x::y", status: "failed" }),
    call("b", "1", { toolId: "x::z", status: "failed" }),
    call("c", "1", { toolId: "x::y", status: "timed_out" }),
    call("d", "1", { toolId: "x::y" }),
    call("e", "1", { toolId: "x::y" }),
  ];
  assert.deepEqual(calls.map((one) => attempt(one, calls)), [1, 1, 2, 3, 1]);
});
