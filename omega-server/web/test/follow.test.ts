import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/api";
import { backoff, isFinal } from "../src/follow";

test("waiting doubles up to ten seconds and a quarter", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 50].map((n) => backoff(n, 0)), [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  assert.equal(backoff(1, 1), 312.5);
});

test("only a refusal for good ends the following", () => {
  const final = (status: number) => isFinal(new ApiError(status, "", ""));
  assert.deepEqual([401, 403, 404, 410].map(final), [true, true, true, true]);
  assert.deepEqual([0, 408, 429, 500, 502, 503].map(final), [false, false, false, false, false, false]);
});
