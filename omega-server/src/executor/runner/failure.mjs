// What a failure is called. Tools fail in their own words; the host acts on a code.
import { missingSecrets, presentSecrets, secretsNamedIn } from "./env.mjs";
import { plain } from "./plain.mjs";

const MESSAGE_LIMIT = 4000;
const ABOUT_KEYS = /api[ _-]?key|credential|unauthori[sz]ed|\b40[13]\b|(?:access|auth) token|missing.{0,20}(?:env|key|token)|environment variable/i;
const REFUSED = /\b40[13]\b|unauthori[sz]ed|forbidden|(?:invalid|incorrect|expired).{0,20}(?:key|token|credential)/i;
const NEEDS_ACCESS = /Requires (\w+) access(?: to "?([^",]+)"?)?/;
// How the operating system refuses a port or IPv6 to a jailed process.
const CONNECT_REFUSED = /tcp (?:connect|open) error: (?:Permission denied|Address family not supported)|connect (?:EACCES|EAFNOSUPPORT)\b/;
const LOOKUP_REFUSED = /getaddrinfo (?:EPERM|EACCES) (\S+)/;

/** A failure with a code of its own. */
export class Failure extends Error {
  constructor(code, message, details) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The frame's `error` of anything thrown. */
export function explain(error) {
  const message = messageOf(error);
  const known = error instanceof Failure ? error : undefined;
  if (!known || known.code === "IMPORT_FAILED" || known.code === "NOT_A_TOOL") {
    const missing = missingKeys(message);
    if (missing) return missing;
  }
  if (known) return { code: known.code, message, details: plain(known.details) };
  if (error?.name === "AbortError") return { code: "CANCELLED", message };
  for (const cause of causes(error)) {
    const refused = refusedAccess(messageOf(cause));
    if (refused) return refused;
  }
  if (/Array buffer allocation failed/.test(message)) return { code: "OUT_OF_MEMORY", message };
  if (REFUSED.test(message) && presentSecrets().length) {
    return { code: "INVALID_CREDENTIALS", message, details: { names: presentSecrets() } };
  }
  return { code: "TOOL_ERROR", message };
}

/** MISSING_ENV_VARS, when a text is about keys and a secret-like variable is known to be absent. */
export function missingKeys(text) {
  if (!ABOUT_KEYS.test(text)) return undefined;
  const traced = missingSecrets();
  const missing = traced.length ? traced : presentSecrets().length ? [] : secretsNamedIn(text);
  return missing.length ? { code: "MISSING_ENV_VARS", message: text.slice(0, MESSAGE_LIMIT).toWellFormed(), details: { missing } } : undefined;
}

/** Some tools return their failure as if it were a result: its text, if this output is one. */
export function returnedFailure(output) {
  if (typeof output === "string") return output.length < 2000 && /^\s*(?:error|failed|missing)/i.test(output) ? output : undefined;
  if (output === null || typeof output !== "object" || Array.isArray(output)) return undefined;
  const error = output.error ?? (output.success === false ? output.message : undefined);
  if (typeof error === "string") return error;
  if (error === true) return String(output.message ?? "");
  return error && typeof error === "object" ? String(error.message ?? "") : undefined;
}

export function messageOf(error) {
  const text = typeof error === "string" ? error : (error?.message ?? String(error));
  return String(text).slice(0, MESSAGE_LIMIT).toWellFormed();
}

function refusedAccess(message) {
  const lookup = LOOKUP_REFUSED.exec(message);
  if (lookup) return { code: "NETWORK_BLOCKED", message, details: { host: lookup[1] } };
  if (CONNECT_REFUSED.test(message)) return { code: "NETWORK_BLOCKED", message };
  const access = NEEDS_ACCESS.exec(message);
  if (!access) return undefined;
  const [, kind, what] = access;
  if (kind === "net") return { code: "NETWORK_BLOCKED", message, details: { host: what } };
  return { code: "PERMISSION_DENIED", message, details: { what: what ? `${kind} ${what}` : kind } };
}

function* causes(error, depth = 0) {
  if (error === null || typeof error !== "object" || depth > 5) return;
  yield error;
  yield* causes(error.cause, depth + 1);
  for (const inner of Array.isArray(error.errors) ? error.errors : []) yield* causes(inner, depth + 1);
}
