// Reads declarations of types (`.d.ts`) as far as calling a function needs them: what there is to call, its parameters, the types that
// they are made of, and what its author says of them. It knows TypeScript's grammar of declarations and nothing of its semantics; what it
// does not know is any value. Nothing is executed.
const WORD = /[\p{L}\p{N}_$]/u;
const MOST_DEPTH = 60;

/** Words, texts, numbers and marks; what a comment of the author's says (`doc`) goes with what follows it. */
export function tokens(text) {
  const found = [];
  let at = 0;
  let doc;
  const add = (kind, value) => {
    found.push({ kind, value, doc });
    doc = undefined;
  };
  while (at < text.length) {
    const c = text[at];
    if (/\s/.test(c)) at++;
    else if (text.startsWith("//", at)) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at + 2);
      const whole = text.slice(at, end < 0 ? text.length : end);
      if (whole.startsWith("/**")) doc = whole.slice(3);
      at += whole.length + 2;
    } else if (c === '"' || c === "'" || c === "`") {
      let end = at + 1;
      while (end < text.length && text[end] !== c) end += text[end] === "\\" ? 2 : 1;
      add(c === "`" ? "template" : "text", text.slice(at + 1, end).replace(/\\(.)/g, "$1"));
      at = end + 1;
    } else if (WORD.test(c)) {
      let end = at + 1;
      while (end < text.length && WORD.test(text[end])) end++;
      if (/\d/.test(c)) while (end < text.length && /[\w.]/.test(text[end])) end++;
      add(/\d/.test(c) ? "number" : "word", text.slice(at, end));
      at = end;
    } else {
      const mark = ["=>", "..."].find((mark) => text.startsWith(mark, at)) ?? c;
      add("mark", mark);
      at += mark.length;
    }
  }
  return found;
}

const MODIFIERS = new Set(["readonly", "public", "private", "protected", "static", "abstract", "override", "declare", "async", "accessor"]);
export const ANY = { kind: "any" };

/** Types out of tokens, one after the other. Throws where there is none. */
export class Reader {
  constructor(all) {
    this.all = all;
    this.at = 0;
    this.depth = 0;
  }
  get next() { return this.all[this.at]; }
  is(value, ahead = 0) { return this.all[this.at + ahead]?.value === value && this.all[this.at + ahead].kind !== "text"; }
  take(value) { return this.is(value) && (this.at++, true); }
  need(value) { if (!this.take(value)) throw new SyntaxError(`${value} expected at ${this.next?.value}`); }
  word() {
    if (this.next?.kind !== "word") throw new SyntaxError(`a name expected at ${this.next?.value}`);
    return this.all[this.at++].value;
  }

  type() {
    if (++this.depth > MOST_DEPTH) throw new SyntaxError("too deep");
    try {
      const found = this.union();
      if (this.is("extends") && !this.noCondition) {
        this.at++;
        this.type();
        if (this.take("?")) { this.type(); this.need(":"); this.type(); }
        return ANY;
      }
      if (this.is("is")) { this.at++; this.type(); return { kind: "name", name: "boolean", args: [] }; }
      return found;
    } finally {
      this.depth--;
    }
  }
  union() {
    this.take("|");
    const of = [this.both()];
    while (this.take("|")) of.push(this.both());
    return of.length === 1 ? of[0] : { kind: "union", of };
  }
  both() {
    this.take("&");
    const of = [this.postfix()];
    while (this.take("&")) of.push(this.postfix());
    return of.length === 1 ? of[0] : { kind: "both", of };
  }
  postfix() {
    let found = this.primary();
    while (this.is("[")) {
      if (this.is("]", 1)) { this.at += 2; found = { kind: "list", of: found }; }
      else { this.at++; this.type(); this.need("]"); found = ANY; }
    }
    return found;
  }
  primary() {
    const token = this.next;
    if (token === undefined) throw new SyntaxError("a type expected");
    if (token.kind === "text") { this.at++; return { kind: "literal", value: token.value }; }
    if (token.kind === "template") { this.at++; return { kind: "name", name: "string", args: [] }; }
    if (token.kind === "number") { this.at++; return { kind: "literal", value: Number(token.value.replaceAll("_", "")) }; }
    if (this.take("-")) return { kind: "literal", value: -Number(this.all[this.at++].value) };
    if (this.is("(")) return this.isFunction() ? this.function() : this.grouped();
    if (this.is("<")) return this.function();
    if (this.is("{")) return this.object();
    if (this.take("[")) return this.tuple();
    switch (token.value) {
      case "new": case "abstract": this.at++; if (this.is("new")) this.at++; this.function(); return ANY;
      case "keyof": case "unique": case "infer": this.at++; this.postfix(); return ANY;
      case "readonly": this.at++; return this.postfix();
      case "asserts": this.at++; if (this.next?.kind === "word") this.at++; if (this.take("is")) this.type(); return ANY;
      case "typeof": this.at++; return this.is("import") ? this.imported() : { kind: "typeof", name: this.path() };
      case "import": return this.imported();
      case "true": case "false": this.at++; return { kind: "literal", value: token.value === "true" };
      default: return { kind: "name", name: this.path(), args: this.args() };
    }
  }
  /** `import("./x").Y<Z>`. */
  imported() {
    this.at++;
    this.need("(");
    const from = this.next?.kind === "text" ? this.next.value : "";
    while (this.next !== undefined && !this.is(")")) this.at++;
    this.need(")");
    const name = this.take(".") ? this.path() : undefined;
    const args = this.args();
    return name !== undefined && !name.includes(".") && from.startsWith(".") ? { kind: "imported", from, name, args } : ANY;
  }
  path() {
    let name = this.word();
    while (this.is(".") && this.all[this.at + 1]?.kind === "word") { this.at++; name += `.${this.word()}`; }
    return name;
  }
  args() {
    const found = [];
    if (!this.take("<")) return found;
    while (!this.take(">")) { found.push(this.type()); this.take(","); }
    return found;
  }
  grouped() { this.need("("); const found = this.type(); this.need(")"); return found; }
  isFunction() {
    let depth = 0;
    for (let at = this.at; at < this.all.length; at++) {
      const { kind, value } = this.all[at];
      if (kind !== "mark") continue;
      if ("([{".includes(value)) depth++;
      if (")]}".includes(value) && --depth === 0) return this.all[at + 1]?.value === "=>";
    }
    return false;
  }
  function() {
    const generics = this.generics();
    const params = this.params();
    this.need("=>");
    return { kind: "function", generics, params, returns: this.type() };
  }
  tuple() {
    const of = [];
    while (!this.take("]")) {
      this.take("...");
      if (this.next?.kind === "word" && (this.is(":", 1) || (this.is("?", 1) && this.is(":", 2)))) { this.at++; this.take("?"); this.need(":"); }
      of.push(this.type());
      this.take("?");
      this.take(",");
    }
    return { kind: "tuple", of };
  }
  /** `<T extends A = B>`: names, each with what it extends. */
  generics() {
    const found = new Map();
    if (!this.take("<")) return found;
    while (!this.take(">")) {
      while (["const", "in", "out"].includes(this.next?.value) && this.all[this.at + 1]?.kind === "word") this.at++;
      const name = this.word();
      this.noCondition = true;
      const bound = this.take("extends") ? this.type() : ANY;
      this.noCondition = false;
      if (this.take("=")) this.type();
      found.set(name, bound);
      this.take(",");
    }
    return found;
  }
  /** What follows a name that can be called: what it takes, and what it gives. */
  call() {
    const generics = this.generics();
    const params = this.params();
    return { generics, params, returns: this.take(":") ? this.type() : ANY };
  }
  params() {
    const found = [];
    this.need("(");
    while (!this.take(")")) {
      const { doc } = this.next ?? {};
      while (MODIFIERS.has(this.next?.value) && this.all[this.at + 1]?.kind === "word") this.at++;
      const rest = this.take("...");
      const isPattern = this.is("{") || this.is("[");
      if (isPattern) this.skipGroup();
      const name = isPattern ? "options" : this.word();
      const optional = this.take("?");
      const type = this.take(":") ? this.type() : ANY;
      if (this.take("=")) this.skipUntil([",", ")"]);
      if (name !== "this") found.push({ name, optional, rest, type, doc });
      this.take(",");
    }
    return found;
  }
  skipGroup() {
    let depth = 0;
    do {
      const { kind, value } = this.all[this.at] ?? {};
      if (kind === undefined) return;
      if (kind === "mark" && "([{".includes(value)) depth++;
      if (kind === "mark" && ")]}".includes(value)) depth--;
      this.at++;
    } while (depth > 0);
  }
  skipUntil(ends) {
    while (this.next !== undefined && !ends.some((end) => this.is(end))) this.is("(") || this.is("[") || this.is("{") ? this.skipGroup() : this.at++;
  }
  object() {
    this.need("{");
    const members = [];
    const calls = [];
    let index;
    let made;
    while (!this.take("}")) {
      if (this.next === undefined) throw new SyntaxError("an object that does not end");
      const { doc } = this.next;
      let [isStatic, isHidden] = [false, false];
      while (MODIFIERS.has(this.next?.value) && !this.is("?", 1) && !this.is(":", 1) && !this.is("(", 1)) {
        isStatic ||= this.is("static");
        isHidden ||= this.is("private") || this.is("protected");
        this.at++;
      }
      if (this.is("+") || this.is("-")) this.at++;
      if (this.is("[")) {
        const isIndex = this.is(":", 2);
        const isMapped = this.is("in", 2);
        this.skipGroup();
        this.take("?");
        if (this.take(":")) { const type = this.type(); if (isIndex || isMapped) index = type; }
        else if (this.is("(") || this.is("<")) this.call();
      } else if (this.is("(") || this.is("<")) {
        calls.push({ ...this.call(), doc });
      } else if (this.is("new") && (this.is("(", 1) || this.is("<", 1))) {
        this.at++;
        made = { ...this.call(), doc };
      } else if ((this.is("get") || this.is("set")) && this.all[this.at + 1]?.kind === "word") {
        this.at++; const name = this.word(); this.params();
        members.push({ name, optional: true, type: this.take(":") ? this.type() : ANY, doc, isStatic, isHidden });
      } else {
        const name = String(this.all[this.at++].value);
        const optional = this.take("?");
        this.take("!");
        if (this.is("(") || this.is("<")) {
          members.push({ name, optional, type: { kind: "function", ...this.call() }, doc, isStatic, isHidden, isMethod: true });
        } else {
          const type = this.take(":") ? this.type() : ANY;
          if (this.take("=")) this.skipUntil([";", ",", "}"]);
          members.push({ name, optional, type, doc, isStatic, isHidden });
        }
      }
      while (this.take(";") || this.take(","));
    }
    return { kind: "object", members, calls, index, made };
  }
}
