// Input schemas of any kind as JSON Schema. The converters for zod are loaded when a zod schema is met.
import { plain } from "./plain.mjs";
import { isObject, isRawShape, isSchema } from "./shapes.mjs";

const ANYTHING = { type: "object", properties: {}, additionalProperties: true };

/** JSON Schema of an input; a permissive one where the form is unknown or its converter fails. */
export async function toJsonSchema(schema, converters) {
  if (schema === undefined || schema === null) return { type: "object", properties: {} };
  try {
    return finished(await convert(unwrapLazy(schema), converters)) ?? ANYTHING;
  } catch (error) {
    console.warn(`the input schema can't be converted: ${error?.message ?? error}`);
    return ANYTHING;
  }
}

/** A schema may be given as a function that makes it. */
export const unwrapLazy = (schema) => (typeof schema === "function" && !isSchema(schema) ? schema() : schema);

async function convert(schema, converters) {
  if (isRawShape(schema)) return await ofFields(schema, converters);
  if (isObject(schema._zod)) {
    const { toJSONSchema } = await import(converters);
    const override = ({ zodSchema, jsonSchema }) => widen(jsonSchema, zodSchema?._zod?.def ?? {});
    return toJSONSchema(schema, { io: "input", unrepresentable: "any", target: "draft-7", override });
  }
  if (schema._def?.typeName) {
    const { zodToJsonSchema } = await import(converters);
    const postProcess = (jsonSchema, def) => (jsonSchema && widen(jsonSchema, def), jsonSchema);
    return zodToJsonSchema(schema, { target: "jsonSchema7", $refStrategy: "none", postProcess });
  }
  const wrapped = typeof schema.jsonSchema === "function" ? schema.jsonSchema() : schema.jsonSchema;
  if (wrapped !== undefined) return await wrapped;
  const standard = schema["~standard"]?.jsonSchema?.input;
  if (typeof standard === "function") return standard({ target: "draft-07" });
  if (typeof schema.toJSONSchema === "function") return schema.toJSONSchema();
  if (typeof schema.type === "string" || schema.properties || schema.anyOf || schema.oneOf) return schema;
  return undefined;
}

async function ofFields(shape, converters) {
  const properties = {};
  for (const [name, field] of Object.entries(shape)) {
    const { $schema, ...own } = plain(await convert(field, converters)) ?? {};
    properties[name] = own;
  }
  const required = Object.keys(shape).filter((name) => !takesNothing(shape[name]));
  return { type: "object", properties, ...(required.length ? { required } : {}) };
}

/** Whether a field may be left away. */
function takesNothing(field) {
  if (isObject(field._zod)) return field._zod.optin === "optional";
  if (typeof field.isOptional === "function") return field.isOptional() === true;
  const read = field["~standard"]?.validate?.(undefined);
  return isObject(read) && typeof read.then !== "function" && !read.issues;
}

/**
 * A schema that coerces its input, or works on it first, takes more than what comes out of it: the host must not refuse what the
 * tool's own parser takes. What is meant stays, for who writes the input.
 */
function widen(jsonSchema, def) {
  const isPreprocessed = def.effect?.type === "preprocess" || (def.type === "pipe" && def.in?._zod?.def?.type === "transform");
  if (isPreprocessed) {
    const { description, default: byDefault, ...meant } = jsonSchema;
    for (const key of Object.keys(meant)) delete jsonSchema[key];
    if (Object.keys(meant).length) jsonSchema.anyOf = [meant, {}];
  } else if (def.coerce && typeof jsonSchema.type === "string") {
    jsonSchema.type = [jsonSchema.type, ...["string", "number", "boolean", "null"].filter((type) => type !== jsonSchema.type && !(type === "number" && jsonSchema.type === "integer"))];
  }
}

function finished(schema) {
  const result = plain(schema);
  if (!isObject(result)) return undefined;
  delete result.$schema;
  const combined = result.anyOf ?? result.oneOf ?? result.allOf ?? result.$ref;
  if (result.type === undefined && combined === undefined) result.type = "object";
  if (result.type === "object") result.properties ??= {};
  return result;
}
