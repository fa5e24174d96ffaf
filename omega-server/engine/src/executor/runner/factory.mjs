// Tools that have to be made first: by calling a factory, or by an instance of a class.
import { looksSecret } from "./env.mjs";
import { explain } from "./failure.mjs";
import { adopted, toolset } from "./foreign.mjs";
import { isLiving, isOwn, living } from "./living.mjs";
import { filled, settings } from "./settings.mjs";
import { functionsOf, isObject, readProperty } from "./shapes.mjs";

const PATIENCE_MS = 3000;
const MOST_OPTIONS = 8;
const after = globalThis.setTimeout;
// What factories and constructors call a key.
const KEY_NAMES = ["apiKey", "key", "token", "secretKey", "apiToken", "accessToken", "authToken", "api_key"];
const GIVERS = ["getTools", "toTools", "getStaticTools", "tools"];

/** Arguments that factories take, likeliest first, whether there is a key in them, and whether more than a call can have. `stand-in`
 * keys are for describing, where nothing can be reached; so is what is lent. */
function* attempts(env, standIn, lends) {
  const names = Object.keys(env);
  const name = names.find((key) => /API_?KEY/i.test(key)) ?? names.find(looksSecret);
  const key = name === undefined ? standIn : env[name];
  yield [[], false];
  yield [[{}], false];
  if (key === undefined) return;
  if (standIn !== undefined) {
    const asked = settings(standIn);
    yield [[asked.value], true, false, asked];
  }
  yield [[{ apiKey: key }], true];
  const { settings: own, parts } = named(env);
  const all = { ...own, ...env, ...Object.fromEntries(KEY_NAMES.map((name) => [name, key])) };
  yield [[{ ...all, config: all, configuration: {} }], true];
  yield [[key], true];
  if (standIn === undefined) {
    const asked = filled({ ...parts, ...all });
    yield [[asked.value], true, false, asked];
  }
  if (standIn === undefined || !lends) return;
  yield [[living(standIn)], true, true];
  yield [[living(standIn), living(standIn)], true, true];
}

/** `ACME_WORKSPACE_ID` as the options that it may be: `acmeWorkspaceId`, `workspaceId`, `id`, of which the longer name of two counts; and as
 * parts of them, `workspace.id`. */
function named(env) {
  const [settings, parts] = [Object.create(null), Object.create(null)];
  const joined = (words) => words.map((word, at) => (at ? word[0].toUpperCase() + word.slice(1) : word)).join("");
  for (const [name, value] of Object.entries(env)) {
    const words = name.toLowerCase().split("_").filter(Boolean);
    for (const from of words.keys()) {
      const option = joined(words.slice(from));
      if (!(option in settings) || from === 0) settings[option] = value;
      for (let end = from + 1; end < words.length; end++) {
        const part = (parts[joined(words.slice(from, end))] ??= Object.create(null));
        part[joined(words.slice(end))] ??= value;
      }
    }
  }
  return { settings: { ...settings }, parts };
}

/** `{ tool }` or `{ tools }`, whether that took a key, the names of the options that it took (`options`), and whether it took what no call
 * can have (`lent`); or `{ error }` with the first reason why neither came. */
export async function make(factory, env, standIn, lends = false) {
  let error;
  for (const [args, keyed, lent = false, asked] of attempts(env, standIn, lends)) {
    try {
      const made = await deepened(asked, () => madeOf(factory, args, lent, standIn));
      if (made) return { ...made, keyed, lent, options: asked?.names ? await needed(factory, asked, standIn) : [] };
    } catch (thrown) {
      // That it can't read what was not given says less than words of its own, and those less than what the sandbox refused it.
      const isSaid = !(thrown instanceof TypeError) && !lent;
      if (error === undefined || (error instanceof TypeError && isSaid) || (isRefused(thrown) && !isRefused(error))) error = thrown;
    }
  }
  return { error };
}

/** What `work` gives; again with a part of the settings that it read something of and that was not there. */
async function deepened(asked, work) {
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof TypeError) || !asked?.deepen()) throw thrown;
    }
  }
}

const isRefused = (error) => explain(error).code === "NETWORK_BLOCKED";

async function madeOf(factory, args, lent, standIn) {
  const made = await inTime(factory(...args));
  if (isLiving(made)) return undefined;
  const tool = adopted(made);
  if (tool && (!lent || isOwn(tool, standIn))) return { tool };
  const found = tool ? undefined : (toolset(made) ?? functionsOf(made) ?? (await given(made)));
  const tools = lent && found ? new Map([...found].filter(([, one]) => isOwn(one, standIn))) : found;
  return tools?.size ? { tools } : undefined;
}

/** Those of the options that were asked for without which nothing is made. */
async function needed(factory, asked, standIn) {
  const [names, left] = [asked.names(), []];
  for (const name of names.slice(0, MOST_OPTIONS)) {
    const without = names.filter((other) => other === name || (names.indexOf(other) < names.indexOf(name) && !left.includes(other)));
    const made = await madeOf(factory, [settings(standIn, without, asked.parts).value], false).catch(() => undefined);
    if (!made) left.push(name);
  }
  return left;
}

/** The same for a class: its instance, or what that gives out. */
export const instantiate = (Class, env, standIn, lends) => make((...args) => new Class(...args), env, standIn, lends);

/** The tools that an object gives out when it is asked, in the ways in which toolkits do. */
async function given(holder) {
  if (!isObject(holder)) return undefined;
  const failures = [];
  for (const name of GIVERS) {
    const giver = readProperty(holder, name);
    if (isLiving(giver)) continue;
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
  if (isLiving(value) || typeof value?.then !== "function") return value;
  const late = new Promise((_, reject) => after(() => reject(new Error("the factory did not finish in time")), PATIENCE_MS));
  return Promise.race([value, late]);
}
