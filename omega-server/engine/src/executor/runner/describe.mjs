// What a package holds: its tools with their schemas, and the plain functions that could be called as such.
// Nothing is executed but factories, with keys that open nothing and no network.
import { needsApproval } from "./approval.mjs";
import { askedDuring, askedFor, grant, lending, looksNeeded, looksSecret } from "./env.mjs";
import { instantiate, make } from "./factory.mjs";
import { explain, Failure } from "./failure.mjs";
import { adopted, toolset } from "./foreign.mjs";
import { isLiving } from "./living.mjs";
import { exportsOf, importPackage, nameOf } from "./package.mjs";
import { toJsonSchema } from "./schema.mjs";
import { made } from "./places.mjs";
import { startNone, wasWanted } from "./programs.mjs";
import { beginningAskedIn, beginningIn, variableOf } from "./settings.mjs";
import { signaturesOf } from "./signatures.mjs";
import { isAIFunction, isClass, isObject, isOfMaker, isPluginOfTools, isProviderClass, isProviderTool, isSchema, maybeFactory, sourceOf } from "./shapes.mjs";
import { callable } from "./ways.mjs";
import { unlessIdle, worked } from "./work.mjs";

const STAND_IN_KEY = "omega-describes-only";
// Subpaths that hold tools by their names are always looked into, others where nothing was found before.
const OF_TOOLS = /(?:^|[\/-])(?:ai|ai-sdk|vercel|tools?|toolkit|agents?)(?:$|[\/-])/i;
const PATIENCE_MS = 8000;
const MOST_TRIED = 8;
// A module that does nothing for so long while it is loaded waits for what never comes.
const IDLE_MS = 6_000;

/** `{ found }`: its tools, its plain functions and the ways to all that can be called, those that may become tools by themselves, and the
 * variables that it reads when it is imported. */
export async function describe(job) {
  startNone();
  const places = made(job.places, job.env?.HOME);
  grant(places);
  Object.assign((job.env ??= {}), places);
  const until = worked() + PATIENCE_MS;
  const found = { tools: [], functions: [], ways: [], signatures: {}, offered: [], unmade: [], lent: [], typed: true, readAtImport: [] };
  const looked = { seen: new Set(), declared: new Set(job.declared ?? []), job, ways: new Map(), unmade: new Map(), lent: new Set(), packageName: await nameOf(job.entry) };
  const failures = [];
  if (job.bin) {
    const { describeServer } = await import("./mcp.mjs");
    try {
      found.tools = await describeServer(job);
      found.startsPrograms = wasWanted();
      return { __proto__: null, found };
    } catch (error) {
      // One that wants variables gets some first: that it has functions besides says nothing of its tools.
      if (wantsMore(error, job.env)) throw error;
      const form = beginningIn(explain(error).message);
      if (form && !job.insists && isLent(job.env, form)) throw new Failure("MISSING_ENV_VARS", explain(error).message, { missing: [], form });
      // It may be no server after all; what is in its modules is looked for all the same, where that was not what failed.
      failures.push({ subpath: "", error });
      found.serverFailure = explain(error).message;
    }
  }
  for (const subpath of [undefined, ...(job.subpaths ?? [])]) {
    const isWanted = subpath === undefined || found.tools.length === 0 || OF_TOOLS.test(subpath);
    if (!isWanted || (subpath !== undefined && worked() > until)) continue;
    try {
      const module = await unlessIdle(importPackage(job.entry, subpath), IDLE_MS, waitsForEver);
      if (subpath === undefined) found.readAtImport = askedFor();
      await lookInto(module, subpath === undefined ? "" : `${subpath}/`, looked, found);
      looked.loaded = true;
    } catch (error) {
      failures.push({ subpath, error });
      if (subpath === undefined) found.importFailure = explain(error).message;
    }
  }
  const isNothing = found.tools.length + looked.ways.size === 0;
  const [first] = failures.filter(({ error, subpath }) => subpath !== undefined || !isNoEntry(error)).concat(failures);
  // Whoever has a module that can't be loaded, and nothing else, says why.
  if (first && isNothing && !(looked.loaded && isNoEntry(first.error))) throw first.error;
  found.tools = once(found.tools);
  const tools = new Set(found.tools.map((tool) => tool.name.split(".")[0]));
  found.functions = found.functions.filter((name) => !tools.has(name));
  found.unmade = [...looked.unmade].map(([name, error]) => `${name}: ${explain(error).message}`);
  found.lent = [...looked.lent];
  const isMeant = ({ value, path }) => !maybeTools(path[0], value, looked.declared);
  // Who has tools is seldom wanted for its functions.
  if (found.functions.length > 0 || found.tools.length === 0) Object.assign(found, await signaturesOf(job, looked.ways, isMeant));
  found.ways = [...looked.ways.keys()];
  // Functions stand for no tools that there are and could not be had.
  if (found.tools.length > 0) found.unmade = [];
  if (found.tools.length > 0 || found.unmade.length > 0 || found.serverFailure !== undefined) found.offered = [];
  found.startsPrograms = wasWanted();
  return { __proto__: null, found };
}

/** Whether there are keys that begin in another way. */
const isLent = (env = {}, form) => Object.entries(env).some(([name, value]) => looksSecret(name) && !value.startsWith(form));

function wantsMore(error, given = {}) {
  const { code, details } = explain(error);
  return code === "MISSING_ENV_VARS" && details.missing.some((name) => !Object.hasOwn(given, name));
}

const waitsForEver = () => new Failure("IMPORT_FAILED", "it waits, while it is loaded, for something that never comes");

/** The package has no module of its own, which is no fault where it has subpaths. */
const isNoEntry = (error) => /ERR_PACKAGE_PATH_NOT_EXPORTED|No "exports" main|not exported|is not defined by "exports"/i.test(error?.message);

async function lookInto(module, prefix, looked, found) {
  const { seen, declared, job, ways, unmade, lent } = looked;
  for (const [way, what] of callable(exportsOf(module), prefix)) if (!isLiving(what.value)) ways.set(way, what);
  for (const [name, { value }] of exportsOf(module)) {
    // What stands for native code is nothing of the package's own.
    if (value === undefined || value === null || isLiving(value)) continue;
    // Every name counts, also the second one of the same function: whoever adds `parse` means `parse`.
    const isPlain = typeof value === "function" && !adopted(value) && !isClass(value);
    if (isPlain && name !== "module.exports") found.functions.push(prefix + name);
    if (seen.has(value)) continue;
    seen.add(value);
    const isOfTools = maybeTools(name, value, declared);
    const failed = (error) => isOfTools && unmade.set(prefix + name, error);
    for (const item of await toolsOf(prefix + name, name, value, declared, job.env ?? {}, { failed, isOfTools, packageName: looked.packageName })) {
      if (item.tool !== value && seen.has(item.tool)) continue;
      seen.add(item.tool);
      if (item.lent || item.tool.isOfProgram) lent.add(prefix + name);
      found.tools.push(await described(item, job.converters));
    }
  }
}

/** Whether by its name it gives tools, if it gives anything. */
const maybeTools = (name, value, declared) =>
  declared.has(name) || (isOfMaker(name) && (isProviderClass(value) || maybeFactory(name, value, declared)));

async function toolsOf(name, own, value, declared, env, { failed, isOfTools, packageName }) {
  if (isAIFunction(value)) return [{ name, tool: value, shape: "ai-function" }];
  if (isProviderTool(value)) return [];
  const tool = adopted(value);
  if (tool) return [{ name, tool, shape: "tool" }];
  if (isSchema(value)) return [];
  const within = (tools, shape, about) => [...tools].map(([key, tool]) => ({ name: `${name}.${key}`, tool, shape, ...about }));
  const made = async (work, ofOne, ofMany) => {
    const [first, asked] = await askedDuring(() => work(STAND_IN_KEY));
    const isReady = (made) => (made.tool || made.tools) && !made.lent;
    // What it asked for and could do without is no need.
    const secret = asked.filter(looksSecret);
    const more = asked.filter((name) => looksSecret(name) || looksNeeded(name));
    const errors = first.error === undefined ? [] : [first.error];
    let [best, lacked] = [first, first.keyed ? secret : []];
    // Some look at a key before they take it, and say how one looks.
    const form = first.error === undefined ? undefined : (beginningIn(explain(first.error).message) ?? beginningAskedIn(sourceOf(value)));
    const tries = [[secret, STAND_IN_KEY], [more, STAND_IN_KEY], [more, form && form + STAND_IN_KEY]];
    for (const [names, key] of tries) {
      if (isReady(best)) break;
      if (key === undefined || (names.length === 0 && key === STAND_IN_KEY)) continue;
      const made = await lending(names, key, () => work(key));
      if (made.error !== undefined) errors.push(made.error);
      // Who makes them of a client makes them of a key alone, if it can.
      if (isReady(made) || ((made.tool || made.tools) && !best.tool && !best.tools)) [best, lacked] = [made, await without(names, key, work)];
    }
    const { tool, tools, lent, options = [] } = best;
    const error = errors.find((error) => explain(error).code === "NETWORK_BLOCKED") ?? errors.at(form === undefined ? 0 : -1);
    if (!tool && !tools && error !== undefined) failed(error);
    const named = lacked.length > 0 ? [] : options.map((option) => variableOf(option, packageName));
    const about = { env: [...asked, ...named], needed: [...lacked, ...named], lent };
    if (tool) return [{ name, tool, shape: ofOne, ...about }];
    return tools ? within(tools, ofMany, about) : [];
  };
  if (isProviderClass(value)) return await made((key) => instantiate(value, env, key, true), "class-provider", "class-provider");
  if (maybeFactory(own, value, declared)) return await made((key) => make(value, env, key, isOfTools || isPluginOfTools(own, value)), "factory", "toolset");
  return isObject(value) ? within(toolset(value) ?? [], "toolset", {}) : [];
}

/** Those of the variables that were lent which are needed, as far as they open nothing; keys all are. */
async function without(names, key, work) {
  let needed = names;
  for (const name of names.filter((name) => !looksSecret(name)).slice(0, MOST_TRIED)) {
    const others = needed.filter((other) => other !== name);
    const { tool, tools, lent } = await lending(others, key, () => work(key));
    if ((tool || tools) && !lent) needed = others;
  }
  return needed;
}

async function described({ name, tool, shape, env = [], needed = [] }, converters) {
  const schema = isAIFunction(tool) ? (tool.inputSchema ?? tool.spec.parameters) : (tool.inputSchema ?? tool.parameters);
  const words = isAIFunction(tool) ? tool.spec.description : tool.description;
  return {
    name,
    shape,
    description: typeof words === "string" ? words : "",
    inputSchema: await toJsonSchema(schema, converters),
    needsApproval: needsApproval(tool),
    envRead: env,
    envNeeded: needed,
  };
}

/**
 * Each tool once. Packages give the same tool out ready, by a factory, in sets and for several frameworks; for who calls it, what
 * has the same name, words and input is the same. The readiest form of it stays.
 */
function once(tools) {
  const best = new Map();
  for (const tool of tools) {
    const key = tool.description === "" ? tool.name : JSON.stringify([plainName(tool.name), tool.description, tool.inputSchema]);
    const other = best.get(key);
    if (other === undefined || readiness(tool) < readiness(other)) best.set(key, tool);
  }
  const kept = new Set(best.values());
  return tools.filter((tool) => kept.has(tool));
}

const SHAPES = ["tool", "ai-function", "toolset", "factory", "class-provider"];
const readiness = ({ shape, name }) => [name.includes("/") ? 1 : 0, SHAPES.indexOf(shape), String(name.split(".").length)].join();
const plainName = (name) =>
  name.split(/[./]/).pop().replace(/^(?:create|make|get|build)(?=[A-Z])/, "").replace(/Tool$/, "").toLowerCase().replace(/[^a-z0-9]/g, "");
