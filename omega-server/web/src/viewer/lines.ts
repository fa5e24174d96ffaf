// A large text as rows of a list, taken in piece by piece: however many there are, only those in sight are drawn.

/** Characters in a row: longer lines go on in the next. */
export const COLUMNS = 200;

export class Lines {
  readonly rows: string[] = [];
  #rest = "";

  /** Takes the next piece. */
  push(text: string): void {
    const whole = this.#rest + text;
    let from = 0;
    for (let end = whole.indexOf("\n"); end >= 0; end = whole.indexOf("\n", from)) {
      this.#line(whole.slice(from, end));
      from = end + 1;
    }
    this.#rest = whole.slice(from);
    // A line without an end does not grow for ever.
    while (this.#rest.length >= 2 * COLUMNS) {
      const cut = edge(this.#rest, COLUMNS);
      this.rows.push(this.#rest.slice(0, cut));
      this.#rest = this.#rest.slice(cut);
    }
  }

  /** There is no more. */
  end(): void {
    if (this.#rest !== "") this.#line(this.#rest);
    this.#rest = "";
  }

  #line(line: string): void {
    let from = 0;
    do {
      const to = edge(line, from + COLUMNS);
      this.rows.push(line.slice(from, to));
      from = to;
    } while (from < line.length);
  }
}

/** Not between the two halves of a character. */
function edge(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
}
