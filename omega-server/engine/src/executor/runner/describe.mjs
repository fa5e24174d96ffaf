// What a package holds: its tools with their schemas, and the plain functions that could be called as such.
// Nothing is executed but factories, with keys that open nothing and no network.
import { needsApproval } from "./approval.mjs";
import { askedDuring, askedFor, lending, looksSecret } from "./env.mjs";
import { instantiate, make } from "./factory.mjs";
import { explain } from "./failure.mjs";
import { adopted, toolset } from "./foreign.mjs";
import { exportsOf, importPackage } from "./package.mjs";
import { toJsonSchema } from "./schema.mjs";
import { signaturesOf } from "./signatures.mjs";
import { isAIFunction, isClass, isObject, isProviderClass, isProviderTool, isSchema, maybeFactory } from "./shapes.mjs";
import { callable } from "./ways.mjs";

const STAND_IN_KEY = "omega-describes-only";
// Subpaths that hold tools by their names are always looked into, others where nothing was found before.
const OF_TOOLS = /(?:^|[\/-])(?:ai|ai-sdk|vercel|tools?|toolkit|agents?)(?:$|[\/-])/i;
// What gives tools says so, or that it makes one; what helps to write one (`defineTool`) gives none.
const OF_MAKERS = /tools$|tool(?:kit|set|box)s?$|^(?:create|make|get|build|load|init|new)\w*tool$/i;
const PATIENCE_MS = 8000;
const { now } = Date;

/** `{ found }`: its tools, its plain functions and the ways to all that can be called, those that may become tools by themselves, and the
 * variables that it reads when it is imported. */
export async function describe(job) {
  const until = now() + PATIENCE_MS;
  const found = { tools: [], functions: [], ways: [], signatures: {}, offered: [], unmade: [], lent: [], typed: true, readAtImport: [] };
  const looked = { seen: new Set(), declared: new Set(job.declared ?? []), job, ways: new Map(), unmade: new Map(), lent: new Set() };
  const failures = [];
  if (job.bin) {
    const { describeServer } = await import("./mcp.mjs");
    try {
      found.tools = await describeServer(job);
      return { __proto__: null, found };
    } catch (error) {
      // One that wants variables gets some first: that it has functions besides says nothing of its tools.
      if (wantsMore(error, job.env)) throw error;
      // It may be no server after all; what is in its modules is looked for all the same, where that was not what failed.
      failures.push({ subpath: "", error });
      found.serverFailure = explain(error).message;
    }
  }
  for (const subpath of [undefined, ...(job.subpaths ?? [])]) {
    const isWanted = subpath === undefined || found.tools.length === 0 || OF_TOOLS.test(subpath);
    if (!isWanted || (subpath !== undefined && now() > until)) continue;
    try {
      const module = await importPackage(job.entry, subpath);
      if (subpath === undefined) found.readAtImport = askedFor();
      await lookInto(module, subpath === undefined ? "" : `${subpath}/`, looked, found);
      looked.loaded = true;
    } catch (error) {
      failures.push({ subpath, error });
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
  return { __proto__: null, found };
}

function wantsMore(error, given = {}) {
  const { code, details } = explain(error);
  return code === "MISSING_ENV_VARS" && details.missing.some((name) => !Object.hasOwn(given, name));
}

/** The package has no module of its own, which is no fault where it has subpaths. */
const isNoEntry = (error) => /ERR_PACKAGE_PATH_NOT_EXPORTED|No "exports" main|not exported|is not defined by "exports"/i.test(error?.message);

async function lookInto(module, prefix, looked, found) {
  const { seen, declared, job, ways, unmade, lent } = looked;
  for (const [way, what] of callable(exportsOf(module), prefix)) ways.set(way, what);
  for (const [name, { value }] of exportsOf(module)) {
    if (value === undefined || value === null) continue;
    // Every name counts, also the second one of the same function: whoever adds `parse` means `parse`.
    const isPlain = typeof value === "function" && !adopted(value) && !isClass(value);
    if (isPlain && name !== "module.exports") found.functions.push(prefix + name);
    if (seen.has(value)) continue;
    seen.add(value);
    const isOfTools = maybeTools(name, value, declared);
    const failed = (error) => isOfTools && unmade.set(prefix + name, error);
    for (const item of await toolsOf(prefix + name, name, value, declared, job.env ?? {}, { failed, isOfTools })) {
      if (item.tool !== value && seen.has(item.tool)) continue;
      seen.add(item.tool);
      if (item.lent) lent.add(prefix + name);
      found.tools.push(await described(item, job.converters));
    }
  }
}

/** Whether by its name it gives tools, if it gives anything. */
const maybeTools = (name, value, declared) =>
  declared.has(name) || (OF_MAKERS.test(name) && (isProviderClass(value) || maybeFactory(name, value, declared)));

async function toolsOf(name, own, value, declared, env, { failed, isOfTools }) {
  if (isAIFunction(value)) return [{ name, tool: value, shape: "ai-function" }];
  if (isProviderTool(value)) return [];
  const tool = adopted(value);
  if (tool) return [{ name, tool, shape: "tool" }];
  if (isSchema(value)) return [];
  const within = (tools, shape, about) => [...tools].map(([key, tool]) => ({ name: `${name}.${key}`, tool, shape, ...about }));
  const made = async (work, ofOne, ofMany) => {
    const [first, asked] = await askedDuring(work);
    // What it asked for and could do without is no need.
    const secret = asked.filter(looksSecret);
    const isNothing = ((!first.tool && !first.tools) || first.lent) && secret.length > 0;
    const second = isNothing ? await lending(secret, STAND_IN_KEY, work) : first;
    // Who makes them of a client makes them of a key alone, if it can.
    const { tool, tools, error, lent } = second.tool || second.tools ? second : first;
    if (!tool && !tools && error !== undefined) failed(error);
    const about = { env: asked, needed: isNothing || first.keyed ? secret : [], lent };
    if (tool) return [{ name, tool, shape: ofOne, ...about }];
    return tools ? within(tools, ofMany, about) : [];
  };
  if (isProviderClass(value)) return await made(() => instantiate(value, env, STAND_IN_KEY, true), "class-provider", "class-provider");
  if (maybeFactory(own, value, declared)) return await made(() => make(value, env, STAND_IN_KEY, isOfTools), "factory", "toolset");
  return isObject(value) ? within(toolset(value) ?? [], "toolset", {}) : [];
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
