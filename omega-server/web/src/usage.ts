// Tokens and what they cost, added up and taken away.

import type { Run, Usage } from "./types";

export const NOTHING: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costMicros: 0,
  unpricedTokens: 0,
};

function combine(one: Usage, other: Usage, how: (a: number, b: number) => number): Usage {
  const all = { ...one };
  for (const key of Object.keys(NOTHING) as (keyof Usage)[]) all[key] = how(one[key] ?? 0, other[key] ?? 0);
  return all;
}

export const sum = (one: Usage, other: Usage): Usage => combine(one, other, (a, b) => a + b);

/** What is left of tokens without those of runs. */
export const without = (usage: Usage, runs: Run[]): Usage =>
  runs.reduce((left, run) => combine(left, run.usage, (a, b) => Math.max(0, a - b)), { ...NOTHING, ...usage });
