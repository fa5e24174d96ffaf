// What a package holds: its tools with their schemas, and the plain functions that could be called as such.
// Nothing is executed but factories, with keys that open nothing and no network.
import { askedDuring, askedFor } from "./env.mjs";
import { instantiate, make } from "./factory.mjs";
import { exportsOf, importPackage } from "./package.mjs";
import { needsApproval } from "./approval.mjs";
import { toJsonSchema } from "./schema.mjs";
import { isAIFunction, isClass, isObject, isProviderClass, isProviderTool, isSchema, isTool, maybeFactory, toolset } from "./shapes.mjs";

const STAND_IN_KEY = "omega-describes-only";

/** `{ found }`: its tools, its plain functions, and the variables that it reads when it is imported. */
export async function describe(job) {
  const module = await importPackage(job.entry);
  const readAtImport = askedFor();
  const declared = new Set(job.declared ?? []);
  const seen = new Set();
  const found = { tools: [], functions: [], readAtImport };
  for (const [name, { value }] of exportsOf(module)) {
    if (value === undefined || value === null) continue;
    // Every name counts, also the second one of the same function: whoever adds `parse` means `parse`.
    const isPlain = typeof value === "function" && !isTool(value) && !isAIFunction(value) && !isClass(value);
    if (isPlain && name !== "module.exports") found.functions.push(name);
    if (seen.has(value)) continue;
    seen.add(value);
    for (const item of await toolsOf(name, value, declared, job.env ?? {})) {
      if (item.tool !== value && seen.has(item.tool) && item.shape === "toolset") continue;
      found.tools.push(await described(item, job.converters));
    }
  }
  const tools = new Set(found.tools.map((tool) => tool.name.split(".")[0]));
  found.functions = found.functions.filter((name) => !tools.has(name));
  return { __proto__: null, found };
}

async function toolsOf(name, value, declared, env) {
  if (isAIFunction(value)) return [{ name, tool: value, shape: "ai-function" }];
  if (isProviderTool(value)) return [];
  if (isTool(value)) return [{ name, tool: value, shape: "tool" }];
  if (isSchema(value)) return [];
  const within = (tools, shape, env) => [...tools].map(([key, tool]) => ({ name: `${name}.${key}`, tool, shape, env }));
  if (isProviderClass(value)) {
    const [{ tools }, asked] = await askedDuring(() => instantiate(value, env, STAND_IN_KEY));
    return tools ? within(tools, "class-provider", asked) : [];
  }
  if (maybeFactory(name, value, declared)) {
    const [{ tool, tools }, asked] = await askedDuring(() => make(value, env, STAND_IN_KEY));
    if (tool) return [{ name, tool, shape: "factory", env: asked }];
    return tools ? within(tools, "toolset", asked) : [];
  }
  return isObject(value) ? within(toolset(value) ?? [], "toolset") : [];
}

async function described({ name, tool, shape, env = [] }, converters) {
  const schema = isAIFunction(tool) ? (tool.inputSchema ?? tool.spec.parameters) : (tool.inputSchema ?? tool.parameters);
  const words = isAIFunction(tool) ? tool.spec.description : tool.description;
  return {
    name,
    shape,
    description: typeof words === "string" ? words : "",
    inputSchema: await toJsonSchema(schema, converters),
    needsApproval: needsApproval(tool),
    envRead: env,
  };
}
