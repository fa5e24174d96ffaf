// What calling a function gives, as far as its declarations say: data; nothing; another function; or an object whose methods are what
// is wanted. Whatever is not known is data.
const DEPTH = 6;
const DATA = { kind: "data" };
const NOTHING = { kind: "nothing" };
const OF_NOTHING = new Set(["void", "never", "undefined"]);
const SAME = new Set(["Promise", "PromiseLike", "Awaited", "Readonly", "NonNullable", "Required", "NoInfer"]);
// Objects that are read to their end, or written as text.
const READ = new Set(["Date", "URL", "RegExp", "Error", "Map", "Set", "Headers", "Response", "Buffer", "Generator", "AsyncGenerator", "Iterator"]);

/** `{ kind: "data" | "nothing" | "function" | "methods" | "object" }`; a function's `calls`, each with its file; an object's `methods`, and
 * whether it says something as data too. */
export function outcomeOf(modules, file, type, generics = new Map(), depth = 0) {
  const inner = (one, at = file) => outcomeOf(modules, at, one, generics, depth + 1);
  if (type === undefined || depth > DEPTH) return DATA;
  switch (type.kind) {
    case "function": return { kind: "function", calls: [{ file, call: type }] };
    case "object": return ofMembers(file, type.members, type.calls.map((call) => ({ file, call })));
    case "union": {
      const all = type.of.map((one) => inner(one)).filter(({ kind }) => kind !== "nothing");
      return all.find(({ kind }) => kind === "data") ?? all[0] ?? NOTHING;
    }
    case "both": {
      const all = type.of.map((one) => inner(one));
      return all.find(({ kind }) => kind === "function") ?? all.find(({ kind }) => kind === "methods") ?? DATA;
    }
    case "imported": {
      const found = modules.meant(file, type);
      return found ? ofDeclared(modules, found, inner) : DATA;
    }
    // A module, a namespace, a class.
    case "typeof": return { kind: "object" };
    case "name": return ofName(modules, file, type, generics, inner);
    default: return DATA;
  }
}

function ofName(modules, file, { name, args }, generics, inner) {
  if (OF_NOTHING.has(name)) return NOTHING;
  if (name === "this") return { kind: "object" };
  if (name === "Function") return { kind: "function", calls: [] };
  if (SAME.has(name) && args?.[0]) return inner(args[0]);
  if (generics.has(name) || READ.has(name)) return DATA;
  const found = modules.meant(file, { name });
  return found ? ofDeclared(modules, found, inner) : DATA;
}

function ofDeclared(modules, found, inner) {
  const { declared } = found;
  if (!declared) return DATA;
  if (declared.type) return inner(declared.type, found.file);
  const { members, calls } = everything(modules, found);
  return ofMembers(found.file, members, calls);
}

/** The members of a class or an interface with those of what it extends, and the ways in which it can be called itself. */
function everything(modules, { file, declared }, depth = 0) {
  const parts = modules.parts(file, declared.name);
  const all = parts.length ? parts : [{ file, declared }];
  const members = all.flatMap((part) => part.declared.members.map((member) => ({ ...member, file: part.file })));
  const calls = declared.isClass ? [] : all.flatMap((part) => part.declared.calls.map((call) => ({ file: part.file, call })));
  for (const base of depth > 4 ? [] : all.flatMap((part) => part.declared.bases.map((base) => [part.file, base]))) {
    const found = modules.local(base[0], base[1].name);
    if (!found?.declared || found.declared === declared) continue;
    const more = everything(modules, found, depth + 1);
    members.push(...more.members.filter(({ name }) => !members.some((own) => own.name === name)));
    calls.push(...more.calls);
  }
  return { members, calls };
}

function ofMembers(file, members, calls) {
  if (calls.length) return { kind: "function", calls };
  const shown = members.filter(({ name, isHidden }) => !isHidden && !name.startsWith("_") && !name.startsWith("#"));
  const methods = shown.filter(({ type }) => type.kind === "function").map((member) => ({ file, ...member }));
  const fields = shown.length - methods.length;
  const isWritten = methods.some(({ name }) => name === "toJSON");
  if (methods.length === 0 || (!isWritten && fields >= methods.length)) return DATA;
  return { kind: "methods", methods, isData: isWritten };
}
