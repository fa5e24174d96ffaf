// The environment of the call: only what the job grants, and a record of what was asked for.
import process from "node:process";
import { tellNothing } from "./machine.mjs";

const SECRET = /KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH|_PAT$/;
// Asked for by runtimes and frameworks everywhere; nothing a tool needs from its user.
const COMMON = new RegExp(
  "^(?:[a-z].*|__.*|.{1,3}|NODE_.*|DENO_.*|npm_.*|UV_.*|JEST.*|VITEST.*|NEXT_.*|VERCEL(?!_OIDC).*|OTEL_.*|AI_SDK_.*|" +
    "DEBUG.*|DOTENV_.*|FORCE_COLOR|NO_COLOR|COLORTERM|COLORS?|TERM.*|CI|HOME|USERPROFILE|PATH|PWD|TMPDIR|TEMP|USER|USERNAME|LANG|LC_.*|" +
    "TZ|SHELL|OSTYPE|MSYSTEM|.*_PROXY|EDITOR|TEST|LOG_.*|SUPPRESS_.*|WS_NO_.*|READABLE_STREAM|GITHUB_ACTIONS|TF_BUILD|TEAMCITY.*|TRAVIS|" +
    "APPVEYOR|NETLIFY|RENDER|DYNO|CF_PAGES|EDGE_RUNTIME|KUBERNETES.*|AWS_LAMBDA_.*|LAMBDA_.*|GRACEFUL_.*)$",
);
const ALL = "*";
const NAME = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;
// As the option of a library that a variable becomes: `acmeUrl` of `ACME_URL`.
const OPTION = /\b[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+\b/g;

const asked = new Map();
const everything = new Set();
const values = Object.create(null);
let listening;

/** More variables for who loaded the package before they were known: it may have kept `process.env`, so that stays the same. */
export const grant = (granted) => void Object.assign(values, granted);

export function traceEnvironment(granted) {
  grant(granted);
  const note = (name) => {
    if (typeof name !== "string") return;
    everything.add(name);
    if (COMMON.test(name)) return;
    asked.set(name, asked.get(name) === true || Boolean(values[name]));
    listening?.add(name);
  };
  const traced = new Proxy(values, {
    get: (target, name) => {
      if (typeof name !== "string") return undefined;
      if (!(name in target) && name in Object.prototype) return Object.prototype[name];
      note(name);
      return target[name];
    },
    has: (target, name) => (note(name), name in target),
    getOwnPropertyDescriptor: (target, name) => (note(name), Reflect.getOwnPropertyDescriptor(target, name)),
    ownKeys: (target) => (everything.add(ALL), Reflect.ownKeys(target)),
    set: (target, name, value) => (everything.add(name), (target[name] = String(value)), true),
    deleteProperty: (target, name) => (everything.add(name), delete target[name]),
  });
  const replace = (owner, value) =>
    Object.defineProperty(owner, "env", { value, configurable: true, writable: true, enumerable: true });
  replace(process, traced);
  replace(globalThis.process, traced);
  // Packages look for settings around the program that runs them: let them look where they may, and find nothing.
  process.execPath = `${values.HOME}/bin/node`;
  tellNothing(values);
  replace(Deno, {
    get: (name) => traced[name],
    has: (name) => name in traced,
    set: (name, value) => void (traced[name] = value),
    delete: (name) => void delete traced[name],
    toObject: () => (everything.add(ALL), { ...values }),
  });
}

export const looksSecret = (name) => SECRET.test(name);

/** Names that were asked for, common ones left out. */
export const askedFor = () => [...asked.keys()];

/** Every name that was asked for, common ones too; `*` when they were listed. */
export const everythingAskedFor = () => [...everything];

/** What `work` gives, and the names that it asked for. */
export async function askedDuring(work) {
  listening = new Set();
  const heard = listening;
  try {
    return [await work(), [...heard]];
  } finally {
    listening = undefined;
  }
}

// Of variables that say where something is, or which of several.
const PLACE = /UR[LI]$|ENDPOINT$|HOST$|ORIGIN$|DOMAIN$/;
const CHOICE = /_(?:ID|ORG|ACCOUNT|PROJECT|WORKSPACE|TENANT|REGION|USER)$/;
const NOWHERE = "https://nowhere.invalid";

/** Whether a variable may be needed to make something, though it opens nothing. */
export const looksNeeded = (name) => PLACE.test(name) || CHOICE.test(name);

/** What `work` gives while some variables have a value that opens nothing, or leads nowhere. */
export async function lending(names, value, work) {
  const lent = names.filter((name) => !values[name]);
  for (const name of lent) values[name] = PLACE.test(name) ? NOWHERE : value;
  try {
    return await work();
  } finally {
    for (const name of lent) delete values[name];
  }
}

/** Secret-like names that were asked for and are not there. */
export const missingSecrets = () =>
  [...asked].filter(([name, there]) => !there && !values[name] && looksSecret(name)).map(([name]) => name);

/** Secret-like names that were asked for and are there. */
export const presentSecrets = () => [...asked].filter(([name, there]) => there && looksSecret(name)).map(([name]) => name);

/** Variables that stand in a text, were asked for and have no value here. */
export function absentIn(text) {
  const options = (text.match(OPTION) ?? []).map((option) => option.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase());
  const named = [...new Set([...(text.match(NAME) ?? []), ...options])].filter((name) => !values[name] && asked.has(name));
  // A file that holds the value is another way to give it.
  return named.filter((name) => !named.some((other) => name === `${other}_FILE` || name === `${other}_PATH`));
}
