import assert from "node:assert/strict";
import { test } from "node:test";
import { announcements } from "../src/announcements";
import { emptyView } from "../src/state";
import type { Message, Run } from "../src/types";

test("only whole answers and ended runs are said aloud", () => {
  const message = (id: string, role: string, status: string, content: string) => ({ id, role, status, content }) as Message;
  const view = {
    ...emptyView(),
    messages: [
      message("m1", "user", "complete", "question"),
      message("m2", "assistant", "complete", ""),
      message("m3", "assistant", "streaming", "half an"),
      message("m4", "assistant", "complete", "An\n\nanswer"),
    ],
    runs: [
      { id: "r1", status: "running" } as Run,
      { id: "r2", status: "failed", error: { code: "X", error: "The key was refused", retryable: false } } as Run,
      { id: "r3", status: "cancelled" } as Run,
    ],
  };
  assert.deepEqual(announcements(view), [
    { key: "m4", text: "Omega: An answer" },
    { key: "r2", text: "The run failed. The key was refused" },
    { key: "r3", text: "The run was cancelled" },
  ]);
});
