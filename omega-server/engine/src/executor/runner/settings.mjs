// Settings of a program of which nobody knows the names, while a package is looked into: what is asked of them that opens something, or says
// which of several is meant, is there, and noted; everything else is not. Only what describes tools ever gets them; no call does.
const OPENS = /(?:key|token|secret|passw(?:or)?d|credential)$/i;
const SAYS_WHICH = /(?:Id|_id)$/;
const MOST = 1_000;
const MOST_PARTS = 4;
const DEPTH = 2;

/** Some whose texts are `text`: `value`, and the `names` of what was asked for and is there, in that order, those of a part behind its
 * name (`auth.token`). What `without` has is not. `deepen` gives the part that was last asked for in vain, for who reads something of it. */
export function settings(text, without = [], parts = new Set()) {
  const names = new Set();
  let looked = 0;
  let vain;
  const of = (path) =>
    new Proxy(Object.create(null), {
      get(_, key) {
        if (++looked > MOST) throw new Error("it looks without end at what it was given");
        if (key === "config" && path === "") return value;
        if (key === "configuration") return {};
        if (typeof key !== "string") return undefined;
        const name = path + key;
        if (parts.has(name)) return of(`${name}.`);
        if (without.includes(name) || !(OPENS.test(key) || SAYS_WHICH.test(key))) return void (vain = name);
        names.add(name);
        return text;
      },
    });
  const value = of("");
  const deepen = () => {
    if (vain === undefined || parts.has(vain) || parts.size >= MOST_PARTS || vain.split(".").length > DEPTH) return false;
    parts.add(vain);
    names.clear();
    return true;
  };
  return { value, names: () => [...names], parts, deepen };
}

/** Values whose parts that are asked for in vain are empty once somebody reads something of them. */
export function filled(values) {
  const parts = new Set();
  let vain;
  const value = new Proxy(values, {
    get(_, key) {
      if (key in values || typeof key !== "string") return values[key];
      if (parts.has(key)) return {};
      vain = key;
      return undefined;
    },
  });
  return { value, deepen: () => vain !== undefined && parts.size < MOST_PARTS && !parts.has(vain) && parts.add(vain) !== undefined };
}

/** The variable that an option of a package's is given by: `clientSecret` of `@acme/kit` by `ACME_CLIENT_SECRET`. */
export function variableOf(option, name) {
  const own = name.replace(/^@/, "").split("/")[0];
  const words = (text) => text.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  const [vendor, wanted] = [words(own).split("_").filter((word) => !/^(?:AI|SDK|TOOLS?|TOOLKIT|AGENT|AGENTS|KIT|JS|NODE|MCP)$/.test(word))[0], words(option)];
  return vendor === undefined || wanted.startsWith(vendor) || wanted.replaceAll("_", "").startsWith(vendor) ? wanted : `${vendor}_${wanted}`;
}

// Such as "Expected sk_*", "must start with 'xoxb-'".
const FORM = /\b(?:start(?:s|ing)?|begin(?:s|ning)?|prefix(?:ed)?|expected|format|like)\b[^\w\n]{0,4}(?:with\b|is\b|be\b|the prefix\b)?[^\w\n]{0,4}([A-Za-z][A-Za-z0-9]{0,11}[-_](?:[A-Za-z0-9]{1,8}[-_])?)(?![A-Za-z0-9])/i;

/** What a text says that a key has to begin with. */
export const beginningIn = (text) => FORM.exec(text)?.[1];

// Such as `apiKey.startsWith("ak_")`, `/^ak_[a-z]+$/.test(apiKey)`.
const FORMS = [
  /(?:key|token|secret|credential)\w*\)?\??\.startsWith\(\s*["'`]([A-Za-z][\w.-]{0,10}[_.-])["'`]/i,
  /\/\^([a-z]{2,8}[_-])[^/\n]{0,80}\/\w*\.test\(\s*[\w.]*(?:key|token|secret)/i,
];

/** What a program's own text asks a key to begin with. */
export const beginningAskedIn = (source) => FORMS.map((form) => form.exec(source)?.[1]).find((form) => form !== undefined);
