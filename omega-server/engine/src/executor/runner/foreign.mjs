// Tools of other frameworks than the AI SDK, as if they were its own: LangChain (https://js.langchain.com/docs/concepts/tools),
// LlamaIndex, OpenAI's Agents SDK, Anthropic's runnable tools, and objects of the same parts under other names. Told by their form,
// since packages bring their own version of a framework, or none.
import { Failure } from "./failure.mjs";
import { isLiving } from "./living.mjs";
import { isObject, isTool, isAIFunction, readProperty, sourceOf } from "./shapes.mjs";

const SCHEMAS = ["inputSchema", "input_schema", "schema", "parameters", "argsSchema", "args"];
const CALLS = ["execute", "invoke", "call", "_call", "func", "handler", "run", "callback", "function"];
// One text is what LangChain's tools without a schema take.
const ONE_TEXT = { type: "object", properties: { input: { type: "string" } }, required: ["input"] };
const MAX_ENTRIES = 300;
// Under what a plugin, a pack or a toolkit keeps its tools, and what wraps each of them in some.
const HOLDERS = new Set(["tools", "tool", "actions", "functions", "descriptors"]);
const WRAPPED = "payload";
// What the first parameter is called of those that work with something of the program's that runs them.
const OF_A_PROGRAM = /^\s*(?:async\b)?\s*(?:function\b)?\s*(?:[\w$]+)?\s*\(\s*_?(?:agent|wallet\w*|runtime|client)\s*,/i;
const known = new WeakMap();

/** A value as a tool that can be called here: itself, a foreign one in the AI SDK's form, or undefined. */
export function adopted(value) {
  // What stands for something else answers to every name.
  if (isLiving(value)) return undefined;
  if (isAIFunction(value)) return value;
  const own = isTool(value) ? value : undefined;
  if (!isObject(value) || (own && (own.inputSchema ?? own.parameters) !== undefined && !isMastra(own))) return own;
  if (!known.has(value)) known.set(value, foreign(value) ?? own);
  return known.get(value);
}

function foreign(value) {
  if (isMastra(value)) return ofMastra(value);
  const about = [value, readProperty(value, "metadata"), readProperty(value, "function")].find(
    (part) => isObject(part) && isText(part, "name") && isText(part, "description"),
  ) ?? (isTool(value) && isText(value, "description") ? value : undefined);
  if (about === undefined) return undefined;
  const [call, run] = first([value, about], CALLS, (item) => typeof item === "function") ?? [];
  const [, schema] = first([about, value, readProperty(value, "toolSpec")], SCHEMAS, holds) ?? [];
  // Whoever has a name and words and can be called may be anything: a schema, or LangChain's own method, says that it is a tool.
  if (run === undefined || (schema === undefined && call !== "invoke")) return undefined;
  const isOfProgram = call !== "invoke" && OF_A_PROGRAM.test(sourceOf(run));
  const execute = (input, options) => {
    if (isOfProgram) throw new Failure("NOT_A_TOOL", "it works with an agent or a client of the program that runs it, and no call has one");
    if (isAgentsTool(value)) return Reflect.apply(run, value, [{ context: {} }, JSON.stringify(input)]);
    const given = schema === undefined ? input?.input : input;
    return Reflect.apply(run, value, call === "invoke" ? [given, { signal: options?.abortSignal }] : [given]);
  };
  return { name: readProperty(about, "name"), description: about.description, inputSchema: schema ?? ONE_TEXT, execute, isOfProgram };
}

/** Mastra's tools (https://mastra.ai/docs/tools-mcp/overview) have an id, and those of its earlier versions take the input as `context`. */
const isMastra = (value) => isTool(value) && isText(value, "id") && !isText(value, "name") && value.constructor?.name === "Tool";

const ofMastra = (value) => ({
  name: value.id,
  description: value.description,
  inputSchema: value.inputSchema ?? { type: "object", properties: {} },
  execute: (input, options) => {
    const given = isObject(input) && !("context" in input) ? Object.defineProperty({ ...input }, "context", { value: input }) : input;
    return value.execute(given, options);
  },
});

/** OpenAI's Agents SDK hands the arguments over as text, behind the run's context. */
const isAgentsTool = (value) => value.type === "function" && typeof value.invoke === "function" && isObject(value.parameters);

const isText = (owner, key) => typeof readProperty(owner, key) === "string";
const holds = (item) => isObject(item) || typeof item === "function";

function first(owners, keys, fits) {
  for (const key of keys) {
    for (const owner of owners) {
      const item = readProperty(owner, key);
      if (fits(item)) return [key, item];
    }
  }
  return undefined;
}

/** The named tools that a value holds: an object's, a list's, those under `tools`; undefined if none. */
export function toolset(value) {
  if (!isObject(value) || adopted(value) || isSchemaLike(value)) return undefined;
  const found = new Map();
  const keys = Object.keys(value).slice(0, MAX_ENTRIES);
  for (const key of keys) {
    const item = readProperty(value, key);
    const tool = adopted(item) ?? (isObject(item) ? adopted(readProperty(item, WRAPPED)) : undefined);
    if (tool) found.set(Array.isArray(value) ? nameOf(tool, key) : key, tool);
    else if (HOLDERS.has(key)) for (const [name, inner] of toolset(item) ?? []) found.set(name, inner);
  }
  return found.size ? found : undefined;
}

const isSchemaLike = (value) => typeof value.safeParse === "function" || "~standard" in value || isObject(value._zod);
const nameOf = (tool, key) => (isAIFunction(tool) ? tool.spec.name : typeof tool.name === "string" ? tool.name : key);
