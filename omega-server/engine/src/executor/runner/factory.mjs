// Tools that have to be made first: by calling a factory, or by an instance of a class.
import { looksSecret } from "./env.mjs";
import { adopted, toolset } from "./foreign.mjs";
import { functionsOf, isObject, readProperty } from "./shapes.mjs";

const PATIENCE_MS = 3000;
const after = globalThis.setTimeout;
// What factories and constructors call a key.
const KEY_NAMES = ["apiKey", "key", "token", "secretKey", "apiToken", "accessToken", "authToken", "api_key"];
const GIVERS = ["getTools", "toTools", "getStaticTools", "tools"];

/** Arguments that factories take, likeliest first, and whether there is a key in them. `stand-in` keys are for describing, where
 * nothing can be reached. */
function* attempts(env, standIn) {
  const names = Object.keys(env);
  const name = names.find((key) => /API_?KEY/i.test(key)) ?? names.find(looksSecret);
  const key = name === undefined ? standIn : env[name];
  yield [[], false];
  yield [[{}], false];
  if (key === undefined) return;
  yield [[{ apiKey: key }], true];
  const settings = { ...env, ...Object.fromEntries(KEY_NAMES.map((name) => [name, key])) };
  yield [[{ ...settings, config: settings, configuration: {} }], true];
  yield [[key], true];
}

/** `{ tool }` or `{ tools }`, and whether that took a key; or `{ error }` with the first reason why neither came. */
export async function make(factory, env, standIn) {
  let error;
  for (const [args, keyed] of attempts(env, standIn)) {
    try {
      const made = await inTime(factory(...args));
      const tool = adopted(made);
      if (tool) return { tool, keyed };
      const tools = toolset(made) ?? functionsOf(made) ?? (await given(made));
      if (tools) return { tools, keyed };
    } catch (thrown) {
      error ??= thrown;
    }
  }
  return { error };
}

/** The same for a class: its instance, or what that gives out. */
export const instantiate = (Class, env, standIn) => make((...args) => new Class(...args), env, standIn);

/** The tools that an object gives out when it is asked, in the ways in which toolkits do. */
async function given(holder) {
  if (!isObject(holder)) return undefined;
  const failures = [];
  for (const name of GIVERS) {
    const giver = readProperty(holder, name);
    try {
      const gave = typeof giver === "function" ? await inTime(Reflect.apply(giver, holder, [])) : giver;
      const tools = toolset(gave);
      if (tools) return tools;
    } catch (error) {
      failures.push(error); // a base class may have one that nobody has filled in
    }
  }
  if (failures.length) throw failures[0];
  return undefined;
}

function inTime(value) {
  if (typeof value?.then !== "function") return value;
  const late = new Promise((_, reject) => after(() => reject(new Error("the factory did not finish in time")), PATIENCE_MS));
  return Promise.race([value, late]);
}
