// What an exported value is, told by its form: packages of many frameworks and versions must be understood.
const TOOL_WORDS = /\b(?:tool\w*\s*\(|inputSchema|execute\b|createAIFunction|description|StructuredTool|DynamicTool|FunctionTool|getTools)/;
// Verbs of ordinary functions; calling those to see whether a tool comes back would be calling the package's own work.
const ORDINARY_VERB =
  /^(?:is|has|get|set|parse|poll|format|to|from|clear|reset|detect|discover|count|estimate|log|assert|validate|throw|handle|on|use|delete|remove|fetch|load|read|write|send|run|start|stop|kill|exec|register|init|setup|sanitize|pick|omit|cast|zod)(?:[A-Z_]|$)/;

export const isObject = (value) => value !== null && typeof value === "object";
const holdsProperties = (value) => isObject(value) || typeof value === "function";

export const isAIFunction = (value) =>
  typeof value === "function" && isObject(value.spec) && typeof value.spec.name === "string" && typeof value.execute === "function";

export const isTool = (value) =>
  holdsProperties(value) &&
  typeof value.execute === "function" &&
  (value.inputSchema !== undefined || value.parameters !== undefined || typeof value.description === "string");

/** A tool that the model's provider runs itself; there is nothing to execute here. */
export const isProviderTool = (value) =>
  isObject(value) && (value.type === "provider-defined" || value.type === "provider") && typeof value.id === "string";

export const isSchema = (value) =>
  holdsProperties(value) && (typeof value.safeParse === "function" || "~standard" in value || isObject(value._zod));

/** Schemas by the names of an input's fields, as the MCP SDK takes them for a whole one. */
export const isRawShape = (value) => {
  if (!isObject(value) || isSchema(value) || Array.isArray(value)) return false;
  const fields = Object.values(value);
  return fields.length > 0 && fields.every((field) => isObject(field) && isSchema(field));
};

export const isClass = (value) => typeof value === "function" && /^class\b/.test(sourceOf(value));

// What instances give out tools by, and LangChain's own method of one tool.
const GIVES_TOOLS = ["functions", "getTools", "getStaticTools", "tools", "toTools", "_call"];

// What the instances of a class that calls itself a tool are called by.
const RUNS = ["execute", "invoke", "call", "run"];

/** A class whose instances are tools, or give them out. */
export const isProviderClass = (value) =>
  isClass(value) && isObject(value.prototype) &&
  (GIVES_TOOLS.some((name) => name in value.prototype) || (/Tool$/.test(value.name) && RUNS.some((name) => typeof readProperty(value.prototype, name) === "function")));

// What gives tools says so, or that it makes one; what helps to write one (`defineTool`) gives none.
const OF_MAKERS = /tools$|tool(?:kit|set|box)s?$|^(?:create|make|get|build|load|init|new)\w*tool$/i;
const GIVES = /^(?:get|load|init)(?:[A-Z_]|$)/;
const MOST_PARAMETERS = 4;

/** Whether a function that is called so makes tools beside other things that plug into a program. */
export const isPluginOfTools = (name, value) => /plugin$|^server$/i.test(name) && TOOL_WORDS.test(sourceOf(value).slice(0, 20000));

/** Whether a name says of what it names that it gives tools. */
export const isOfMaker = (name) => OF_MAKERS.test(name);

/** Whether calling it may give a tool: what the author declared, else what looks like it. */
export function maybeFactory(name, value, declared) {
  if (typeof value !== "function" || isClass(value)) return false;
  if (declared.has(name)) return true;
  const saysSo = isOfMaker(name);
  if (value.length > (saysSo ? MOST_PARAMETERS : 1) || (ORDINARY_VERB.test(name) && !(saysSo && GIVES.test(name)))) return false;
  const source = sourceOf(value).slice(0, 20000);
  return TOOL_WORDS.test(source) || /tool|factory/i.test(name + source.slice(0, 200));
}

/** The AI functions of an instance, by name; undefined if it has none. */
export function functionsOf(instance) {
  const functions = isObject(instance) ? instance.functions : undefined;
  if (!isObject(functions) || typeof functions[Symbol.iterator] !== "function") return undefined;
  const found = [...functions].filter(isAIFunction).map((item) => [item.spec.name, item]);
  return found.length ? new Map(found) : undefined;
}

export function readProperty(owner, key) {
  try {
    return owner[key];
  } catch {
    return undefined; // a getter that throws is an export nobody can use
  }
}

export const sourceOf = (value) => Function.prototype.toString.call(value);
