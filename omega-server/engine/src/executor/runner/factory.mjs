// Tools that have to be made first: by calling a factory, or as the functions of a class.
import { looksSecret } from "./env.mjs";
import { functionsOf, isCallable, toolset } from "./shapes.mjs";

const PATIENCE_MS = 3000;
const after = globalThis.setTimeout;

/** Arguments that factories take, likeliest first. `stand-in` keys are for describing, where nothing can be reached. */
function* attempts(env, standIn) {
  const names = Object.keys(env);
  const name = names.find((key) => /API_?KEY/i.test(key)) ?? names.find(looksSecret);
  const key = name === undefined ? standIn : env[name];
  yield [];
  yield [{}];
  if (key === undefined) return;
  yield [{ apiKey: key }];
  yield [{ ...env, apiKey: key, key, token: key }];
  yield [key];
}

/** `{ tool }`, `{ tools }`, or `{ error }` with the first reason why neither came. */
export async function make(factory, env, standIn) {
  let error;
  for (const args of attempts(env, standIn)) {
    try {
      const made = await inTime(factory(...args));
      if (isCallable(made)) return { tool: made };
      const tools = toolset(made) ?? functionsOf(made);
      if (tools) return { tools };
    } catch (thrown) {
      error ??= thrown;
    }
  }
  return { error };
}

/** The same for a class: its instance's functions. */
export const instantiate = (Class, env, standIn) => make((...args) => new Class(...args), env, standIn);

function inTime(value) {
  if (typeof value?.then !== "function") return value;
  const late = new Promise((_, reject) => after(() => reject(new Error("the factory did not finish in time")), PATIENCE_MS));
  return Promise.race([value, late]);
}
