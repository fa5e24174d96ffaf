// JSON that comes in pieces, cut anywhere, as people read it: a text is the text itself, anything else has a line for each
// value and for each line of a text in it. What is not in sight need not be read for it, and a broken document is laid out as
// far as it goes.

/** Gives the laid-out text of each piece. */
export interface Layout {
  push(piece: string): string;
  end(): string;
  /** Another one that goes on from the same place. */
  copy(): Layout;
}

/** By how the document begins. */
export const layoutOf = (start: string): Layout => (start.trimStart().startsWith('"') ? new TextLayout() : new ValueLayout());

/** A value, laid out whole. */
export function laidOut(value: unknown): string {
  if (typeof value === "string") return value;
  const layout = new ValueLayout();
  return layout.push(JSON.stringify(value) ?? "");
}

/** A document that is one string: its characters. */
export class TextLayout implements Layout {
  #rest = "";
  #begun = false;

  push(piece: string): string {
    let text = this.#rest + piece;
    if (!this.#begun) {
      const quote = text.indexOf('"');
      if (quote < 0) return "";
      text = text.slice(quote + 1);
      this.#begun = true;
    }
    // An escape that is not whole yet waits, and so does a quote, which may be the last one.
    const hanging = /(?:(?:^|[^\\])(?:\\\\)*)(\\u?[\da-fA-F]{0,3}|")$/.exec(text.slice(-64))?.[1] ?? "";
    this.#rest = hanging;
    return unescaped(text.slice(0, text.length - hanging.length));
  }

  end(): string {
    const rest = this.#rest;
    this.#rest = "";
    return rest === '"' ? "" : rest;
  }

  copy(): Layout {
    const other = new TextLayout();
    other.#rest = this.#rest;
    other.#begun = this.#begun;
    return other;
  }
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text; // Not what a JSON document holds: as it is.
  }
}

const INDENT = "  ";

/** A line for each value, indented; a text goes on below behind each of its line breaks, which stand there as they are written. */
class ValueLayout implements Layout {
  #depth = 0;
  #inString = false;
  /** A backslash stands at the end. */
  #escape = false;
  /** A line break stands at the end of what is read of a text. */
  #broken = false;
  /** An object or list was opened and has nothing yet. */
  #fresh = false;

  push(piece: string): string {
    let out = "";
    let at = 0;
    while (at < piece.length) {
      if (this.#inString) {
        if (this.#broken && piece[at] !== '"') out += this.#newLine(1);
        this.#broken = false;
        const end = this.#endOfLine(piece, at);
        out += piece.slice(at, end);
        at = end;
        continue;
      }
      const char = piece[at] as string;
      at += 1;
      out += this.#outside(char);
    }
    return out;
  }

  end(): string {
    return "";
  }

  copy(): Layout {
    const other = new ValueLayout();
    other.#depth = this.#depth;
    other.#inString = this.#inString;
    other.#escape = this.#escape;
    other.#broken = this.#broken;
    other.#fresh = this.#fresh;
    return other;
  }

  /** Where a text, or a line of it, ends. */
  #endOfLine(piece: string, from: number): number {
    for (let at = from; at < piece.length; at += 1) {
      const code = piece.charCodeAt(at);
      if (this.#escape) {
        this.#escape = false;
        if (code === 110) {
          this.#broken = true;
          return at + 1;
        }
      } else if (code === 92) {
        this.#escape = true;
      } else if (code === 34) {
        this.#inString = false;
        return at + 1;
      }
    }
    return piece.length;
  }

  #outside(char: string): string {
    switch (char) {
      case " ":
      case "\n":
      case "\r":
      case "\t":
        return "";
      case "{":
      case "[": {
        const before = this.#first();
        this.#depth += 1;
        this.#fresh = true;
        return before + char;
      }
      case "}":
      case "]": {
        this.#depth = Math.max(0, this.#depth - 1);
        const empty = this.#fresh;
        this.#fresh = false;
        return empty ? char : this.#newLine() + char;
      }
      case ",":
        return char + this.#newLine();
      case ":":
        return ": ";
      case '"':
        this.#inString = true;
        return this.#first() + char;
      default:
        return this.#first() + char;
    }
  }

  /** The line of the first value within an object or list. */
  #first(): string {
    if (!this.#fresh) return "";
    this.#fresh = false;
    return this.#newLine();
  }

  #newLine(more = 0): string {
    return `\n${INDENT.repeat(Math.min(this.#depth + more, 40))}`;
  }
}
