// What a failure is called. Tools fail in their own words; the host acts on a code.
import { absentIn, missingSecrets, presentSecrets } from "./env.mjs";
import { plain } from "./plain.mjs";

const MESSAGE_LIMIT = 4000;
// About keys at all: when a secret-like variable was asked for and is not there, that is what is wrong.
const ABOUT_KEYS = new RegExp(
  "api[ _-]?key|credential|unauthori[sz]ed|unauthenticated|\\b40[13]\\b|(?:access|auth\\w*|bearer|api) token|environment variable|" +
    "(?:missing|without|no|valid).{0,20}\\b(?:env|token|secret|password|\\w*(?:access|secret|auth|license|service)\\w*[ _-]?key)\\b|" +
    "\\b(?:token|secret|password) (?:is|was|must|has|not|required|missing)\\b|" +
    "not (?:authenticated|logged in|signed in)|authentication (?:is )?(?:required|failed|missing)",
  "i",
);
// Something is wanted: when an absent variable stands in such a text, it is that one.
const WANTED = new RegExp(
  "requir|missing|absent|undefined|empty|need|" +
    "n(?:o|')t (?:be )?(?:set|defined|found|provided|configured|given|available|specified|present|initiali[sz]ed)|" +
    "\\b(?:set|provide|define|specify|configure|export|add|pass|supply)\\b|\\bno\\b.{0,40}(?:key|token|secret|password)",
  "i",
);
const REFUSED = new RegExp(
  "\\b40[13]\\b|unauthori[sz]ed|forbidden|bad credentials|authentication (?:failed|error)|access denied|" +
    "(?:invalid|incorrect|wrong|expired|revoked|unknown)[ _].{0,20}(?:key|token|credential|secret|password)|" +
    "(?:key|token|credentials?|secret|password) (?:is|are|was|has) (?:not valid|invalid|incorrect|wrong|expired|been revoked|revoked)",
  "i",
);
// How a text begins that a tool returns instead of throwing it.
const LOOKS_FAILED =
  /^\W*(?:error|fail|missing|unable|could ?n[o']t|cannot|can't|please|no |not |unauthori[sz]ed|invalid|40[13]\b|api[ _]?key|the \w+ environment|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+ )/i;
const TEXT_LIMIT = 2000;
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
    for (const cause of allCauses(error)) {
      const keys = aboutKeys(messageOf(cause), statusOf(cause));
      if (keys) return { ...keys, message };
    }
  }
  if (known) return { code: known.code, message, details: plain(known.details) };
  if (error?.name === "AbortError") return { code: "CANCELLED", message };
  for (const cause of allCauses(error)) {
    const refused = refusedAccess(messageOf(cause));
    if (refused) return refused;
  }
  if (/Array buffer allocation failed/.test(message)) return { code: "OUT_OF_MEMORY", message };
  return { code: "TOOL_ERROR", message };
}

/**
 * MISSING_ENV_VARS or INVALID_CREDENTIALS, when that is what a failure's text is about. Variables that the text names are
 * the missing ones; where it names none, those that were asked for are. A key that is there and refused is a wrong one.
 */
export function aboutKeys(text, status) {
  const message = text.slice(0, MESSAGE_LIMIT).toWellFormed();
  const missing = (names) => ({ code: "MISSING_ENV_VARS", message, details: { missing: names } });
  const mentions = ABOUT_KEYS.test(text);
  const named = mentions || WANTED.test(text) ? absentIn(text) : [];
  if (named.length) return missing(named);
  const refused = REFUSED.test(text) || status === 401 || status === 403;
  const present = presentSecrets();
  if (refused && present.length) return { code: "INVALID_CREDENTIALS", message, details: { names: present } };
  const traced = mentions || refused ? missingSecrets() : [];
  return traced.length ? missing(traced) : undefined;
}

/** Some tools return their failure as if it were a result: what it says of keys, if anything. */
export function returnedFailure(output) {
  const text = failureText(output);
  return text === undefined ? undefined : aboutKeys(text, statusOf(output));
}

/** The text of an output that tells of a failure, in the forms that tools use. */
function failureText(output) {
  if (typeof output === "string") return output.length < TEXT_LIMIT && LOOKS_FAILED.test(output) ? output : undefined;
  if (output === null || typeof output !== "object" || Array.isArray(output)) return undefined;
  const error = output.error ?? output.errors;
  if (typeof error === "string") return error;
  if (Array.isArray(error) && error.length) return error.map((item) => item?.message ?? item).join("; ");
  if (error && typeof error === "object") return String(error.message ?? error.code ?? "");
  const failed = error === true || output.success === false || output.ok === false || output.isError === true ||
    /^(?:error|fail)/i.test(output.status) || [401, 403].includes(statusOf(output));
  if (!failed) return undefined;
  const said = output.message ?? output.reason ?? output.detail ?? output.details ?? output.text ?? output.content ?? "";
  return (typeof said === "string" ? said : JSON.stringify(said)).slice(0, TEXT_LIMIT);
}

/** The HTTP status that an error, or an output, carries. */
function statusOf(value) {
  const places = [value?.status, value?.statusCode, value?.code, value?.response?.status, value?.error?.status, value?.error?.code];
  return places.find((place) => typeof place === "number");
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

/** A thrown value, whatever it is, and what caused it. */
const allCauses = (error) => (error !== null && typeof error === "object" ? causes(error) : [error]);

function* causes(error, depth = 0) {
  if (error === null || typeof error !== "object" || depth > 5) return;
  yield error;
  yield* causes(error.cause, depth + 1);
  for (const inner of Array.isArray(error.errors) ? error.errors : []) yield* causes(inner, depth + 1);
}
