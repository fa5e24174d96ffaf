// Runs one export once.
import { approve } from "./approval.mjs";
import { CALLBACK } from "./callback.mjs";
import { collected, isIterator, isStream } from "./collect.mjs";
import { Failure, messageOf, returnedFailure } from "./failure.mjs";
import { instantiate, make } from "./factory.mjs";
import { adopted, toolset } from "./foreign.mjs";
import { exportsOf, findExport, importPackage, isOfServer, notFound, placeOf, toolBegins } from "./package.mjs";
import { plain, revived } from "./plain.mjs";
import { unwrapLazy } from "./schema.mjs";
import { isAIFunction, isProviderClass, isRawShape } from "./shapes.mjs";
import { asData, wayTo } from "./way.mjs";

/** `{ output }`, or `{ failure }` where the output is one; `partial` takes what the tool yields on its way. */
export async function execute(job, signal, partial) {
  if (isOfServer(job.name)) {
    const { callServer } = await import("./mcp.mjs");
    return { __proto__: null, output: plain(await callServer(job, signal)) };
  }
  const { subpath, name } = placeOf(job.name);
  const module = await importPackage(job.entry, subpath);
  const output = job.args
    ? await plainFunction(module, name, job.args)
    : await settle((await toolCall(module, { ...job, name, input: revived(job.input) }, signal))(), partial);
  // No promise looks for a `then` in what has no prototype.
  return { __proto__: null, output, failure: returnedFailure(output) };
}

/** All that a function gives: what it yields is a list, and nothing of it is lost. */
async function plainFunction(module, name, all) {
  const args = all.map(([argument, what]) => (what === "callback" ? CALLBACK : revived(argument)));
  const call = await wayTo(module, name, args);
  toolBegins();
  const given = await collected(await call());
  return asData(name, given, plain(given));
}

async function toolCall(module, job, signal) {
  const tool = await resolve(module, job);
  const input = await validated(tool.inputSchema ?? tool.parameters, job.input);
  const options = { toolCallId: job.id, messages: [], get abortSignal() { return signal(); } };
  await approve(tool, input, options, job.approved);
  toolBegins();
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
  const ready = adopted(value);
  if (ready) return ready;
  const made = isProviderClass(value)
    ? await instantiate(value, env)
    : typeof value === "function"
      ? await make(value, env)
      : { tools: toolset(value) };
  if (made.tool) return made.tool;
  if (!made.tools) {
    const why = made.error === undefined ? "a plain function is called with named parameters" : `it could not be made of what a call has, which is its variables (${messageOf(made.error)})`;
    throw new Failure("NOT_A_TOOL", `the export "${name}" is no tool: ${why}`);
  }
  return pick(made.tools, head, rest.join("."));
}

/** Some packages declare another name than they export; where there is one tool, it is the one that is meant. */
function onlyTool(module) {
  const tools = [...exportsOf(module).values()].filter(({ value }) => adopted(value));
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
  if (isRawShape(schema)) return await validFields(schema, input);
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

async function validFields(shape, input) {
  const [valid, issues] = [{ ...input }, []];
  for (const [name, field] of Object.entries(shape)) {
    const read = typeof field.safeParseAsync === "function" ? await field.safeParseAsync(input?.[name]) : await field["~standard"].validate(input?.[name]);
    const wrong = read.issues ?? read.error?.issues ?? [];
    issues.push(...[...wrong].map((issue) => ({ ...issue, message: issue.message, path: [name, ...(issue.path ?? [])] })));
    const value = "data" in read ? read.data : read.value;
    if (wrong.length === 0 && value !== undefined) valid[name] = value;
  }
  if (issues.length) throw invalid(issues);
  return valid;
}

function invalid(found) {
  const issues = found.map(({ path, message }) => ({ path: (path ?? []).map((part) => part?.key ?? part).join("."), message }));
  const text = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  return new Failure("INVALID_INPUT", `the input does not fit the tool's schema: ${text}`, { issues });
}

/** A tool's result. What it yields goes out as it comes, and the last of it is the result, as the AI SDK has it. */
async function settle(result, partial) {
  if (!isIterator(result) || isStream(result)) return plain(await collected(await result));
  let last;
  for await (const part of result) {
    last = part;
    partial(plain(part));
  }
  return plain(await collected(last));
}
