// What a failure is called. Tools fail in their own words; the host acts on a code.
import { absentIn, missingSecrets, presentSecrets } from "./env.mjs";
import { plain } from "./plain.mjs";
import { CODED, causesOf, messageOf, ownWords, read } from "./reason.mjs";
import { refusal } from "./refusal.mjs";

export { messageOf };

const MESSAGE_LIMIT = 4000;
const PASSWORD = /\b(?:password|passwd|passphrase)\b/i;
const ELSE = /key|token|secret|credential|auth|\b40[13]\b/i;
// About keys at all: when a secret-like variable was asked for and is not there, that is what is wrong.
const ABOUT_KEYS = new RegExp(
  "api[ _-]?key|credential|unauthori[sz]ed|unauthenticated|\\b40[13]\\b|(?:access|auth\\w*|bearer|api) token|environment variable|" +
    "(?:missing|without|no|valid).{0,20}\\b(?:env|token|secret|password|\\w*(?:access|secret|auth|license|service)\\w*[ _-]?key)\\b|" +
    "\\b\\w{2,}(?:key|token|secret) (?:is|was) (?:required|missing|not set|not provided)|" +
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
// The fields of a failure that brings no data along.
const OF_FAILURES = /^(?:errors?|success|ok|isError|status(?:Code|Text)?|code|type|name|message|reason|details?|text|content|hint|help|docs?|url|cause|data|result|timestamp|requestId)$/i;
const TEXT_LIMIT = 2000;

/** A failure with a code of its own. */
export class Failure extends Error {
  constructor(code, message, details) {
    super(message);
    this.code = code;
    this.details = details;
    this[CODED] = true;
  }
}

/** The frame's `error` of anything thrown. */
export function explain(error) {
  const message = messageOf(error);
  const known = error instanceof Failure ? error : undefined;
  const isForeign = !known || known.code === "IMPORT_FAILED" || known.code === "NOT_A_TOOL";
  const all = isForeign ? [...causesOf(error)] : [];
  for (const cause of all) {
    const keys = aboutKeys(ownWords(cause), statusOf(cause));
    if (keys) return { ...keys, message };
  }
  for (const cause of all) {
    const refused = refusal(ownWords(cause));
    if (refused) return refused;
  }
  if (known) return { code: known.code, message, details: plain(known.details) };
  if (read(error, "name") === "AbortError") return { code: "CANCELLED", message };
  if (/Array buffer allocation failed/.test(message)) return { code: "OUT_OF_MEMORY", message };
  return { code: "TOOL_ERROR", message };
}

/**
 * MISSING_ENV_VARS or INVALID_CREDENTIALS, when that is what a failure's text is about. Only variables that were asked for and
 * found missing are ever said to be: a text about keys may be about anybody's. Of those, the ones that the text names are the
 * missing ones; where it names none, all that its words may mean. A key that is there and refused is a wrong one.
 */
export function aboutKeys(text, status, isResult = false) {
  const message = text.slice(0, MESSAGE_LIMIT).toWellFormed();
  const missing = (names) => ({ code: "MISSING_ENV_VARS", message, details: { missing: names } });
  const mentions = ABOUT_KEYS.test(text);
  const named = mentions || WANTED.test(text) ? absentIn(text) : [];
  if (named.length) return missing(named);
  const refused = REFUSED.test(text) || status === 401 || status === 403;
  const present = presentSecrets();
  if (refused && present.length) return { code: "INVALID_CREDENTIALS", message, details: { names: present } };
  // A result may be about anything: a scanner's findings, a page of a manual.
  const traced = !isResult && (mentions || refused) ? meant(text, missingSecrets()) : [];
  return traced.length ? missing(traced) : undefined;
}

/**
 * Some tools return their failure as if it were a result: what it says of keys. A text by itself is a result, whatever it says; beside
 * data, an error has to name what is missing.
 */
export function returnedFailure(output) {
  const text = failureText(output);
  if (text === undefined) return undefined;
  const isResult = Object.keys(output).some((key) => !OF_FAILURES.test(key));
  return aboutKeys(text, statusOf(output), isResult);
}

/** The text of an output that tells of a failure, in the forms that tools use. */
function failureText(output) {
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

/** Those of some names that a text may mean: one that talks of a password alone means no token. */
function meant(text, names) {
  if (!PASSWORD.test(text) || ELSE.test(text)) return names;
  return names.filter((name) => /PASS/.test(name));
}

/** The HTTP status that an error, or an output, carries. */
function statusOf(value) {
  const response = read(value, "response");
  const error = read(value, "error");
  const places = [read(value, "status"), read(value, "statusCode"), read(value, "code"), read(response, "status"), read(error, "status"), read(error, "code")];
  return places.find((place) => typeof place === "number");
}
