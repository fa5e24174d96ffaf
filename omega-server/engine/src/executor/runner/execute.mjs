// Runs one export once.
import { approve } from "./approval.mjs";
import { collected, isStream } from "./collect.mjs";
import { Failure, messageOf, returnedFailure } from "./failure.mjs";
import { instantiate, make } from "./factory.mjs";
import { exportsOf, findExport, importPackage, notFound, walk } from "./package.mjs";
import { plain } from "./plain.mjs";
import { unwrapLazy } from "./schema.mjs";
import { isAIFunction, isCallable, isProviderClass, toolset } from "./shapes.mjs";

/** `{ output }`, or `{ failure }` where the output is one; `partial` takes what the tool yields on its way. */
export async function execute(job, signal, partial) {
  const module = await importPackage(job.entry);
  const call = job.args ? await plainFunction(module, job) : await toolCall(module, job, signal);
  const output = plain(await collected(await settle(call(), partial)));
  // No promise looks for a `then` in what has no prototype.
  return { __proto__: null, output, failure: returnedFailure(output) };
}

async function plainFunction(module, job) {
  const { value, owner } = walk(module, job.name);
  if (typeof value !== "function") throw new Failure("NOT_A_TOOL", `the export "${job.name}" is no function`);
  const receiver = owner === module ? undefined : owner;
  const args = job.args.map(([argument]) => argument);
  return () => Reflect.apply(value, receiver, args);
}

async function toolCall(module, job, signal) {
  const tool = await resolve(module, job);
  const input = await validated(tool.inputSchema ?? tool.parameters, job.input);
  const options = { toolCallId: job.id, messages: [], get abortSignal() { return signal(); } };
  await approve(tool, input, options, job.approved);
  if (isAIFunction(tool)) return () => tool.execute(input);
  return () => tool.execute(input, options);
}

/** The tool that a name or `export.key` means; what makes tools is called anew, with this call's environment. */
async function resolve(module, { name, env, declared }) {
  const [head, ...rest] = name.split(".");
  const whole = findExport(module, name);
  const found = whole ?? findExport(module, head) ?? (declared.includes(name) ? onlyTool(module) : undefined);
  const value = found?.value;
  if (value === undefined || value === null) throw notFound(module, name);
  if (isCallable(value)) return value;
  const made = isProviderClass(value)
    ? await instantiate(value, env)
    : typeof value === "function"
      ? await make(value, env)
      : { tools: toolset(value) };
  if (made.tool) return made.tool;
  if (!made.tools) {
    const why = made.error === undefined ? "a plain function is called with named parameters" : messageOf(made.error);
    throw new Failure("NOT_A_TOOL", `the export "${name}" is no tool: ${why}`);
  }
  return pick(made.tools, head, rest.join("."));
}

/** Some packages declare another name than they export; where there is one tool, it is the one that is meant. */
function onlyTool(module) {
  const tools = [...exportsOf(module).values()].filter(({ value }) => isCallable(value));
  return new Set(tools.map(({ value }) => value)).size === 1 ? tools[0] : undefined;
}

function pick(tools, head, key) {
  if (tools.has(key)) return tools.get(key);
  if (key === "" && tools.size === 1) return tools.values().next().value;
  const available = [...tools.keys()].map((name) => `${head}.${name}`);
  throw new Failure("TOOL_NOT_FOUND", `"${head}" is a set of tools; name one of them`, { available });
}

/** The input as the tool's own schema reads it, defaults filled in; `jsonSchema()` has no validator, the host checked. */
async function validated(given, input) {
  const schema = given === undefined || given === null ? undefined : unwrapLazy(given);
  if (typeof schema?.safeParseAsync === "function") {
    const result = await schema.safeParseAsync(input);
    if (result.success) return result.data;
    throw invalid(result.error?.issues ?? []);
  }
  if (typeof schema?.["~standard"]?.validate === "function") {
    const result = await schema["~standard"].validate(input);
    if (!result.issues) return result.value;
    throw invalid(result.issues);
  }
  if (typeof schema?.validate === "function") {
    const result = await schema.validate(input);
    if (result?.success === false) throw invalid([{ path: [], message: String(result.error?.message ?? result.error) }]);
    return result?.value ?? input;
  }
  return input;
}

function invalid(found) {
  const issues = found.map(({ path, message }) => ({ path: (path ?? []).map((part) => part?.key ?? part).join("."), message }));
  const text = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  return new Failure("INVALID_INPUT", `the input does not fit the tool's schema: ${text}`, { issues });
}

/** Waits for the result. What is yielded goes out as it comes, and the last of it is the result, as the AI SDK has it. */
async function settle(result, partial) {
  const iterator = typeof result?.next === "function" && typeof result[Symbol.iterator] === "function";
  if ((typeof result?.[Symbol.asyncIterator] !== "function" && !iterator) || isStream(result)) return await result;
  let last;
  for await (const part of result) {
    last = part;
    partial(plain(part));
  }
  return last;
}
