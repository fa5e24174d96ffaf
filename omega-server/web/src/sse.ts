// Server-sent events from a fetch body (the HTML standard, "Server-sent events"). EventSource can't be used: it hides the
// status of a refusal, and it would resume by itself where the page wants to resume at the cursor it folded.

export interface Frame {
  event: string;
  data: string;
  id?: string;
}

/** Takes text as it comes, cut anywhere, and gives whole frames. */
export class FrameParser {
  #rest = "";
  #frame: Frame = { event: "message", data: "" };
  #lines = 0;

  push(text: string): Frame[] {
    const frames: Frame[] = [];
    const buffer = this.#rest + text;
    let start = 0;
    for (;;) {
      const end = lineEnd(buffer, start);
      if (!end) break;
      this.#line(buffer.slice(start, end.at), frames);
      start = end.next;
    }
    this.#rest = buffer.slice(start);
    return frames;
  }

  #line(line: string, frames: Frame[]): void {
    if (line === "") {
      if (this.#lines > 0) frames.push(this.#frame);
      this.#frame = { event: "message", data: "" };
      this.#lines = 0;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // A comment: the heartbeat.
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#frame.event = value;
    else if (field === "id") this.#frame.id = value;
    else if (field === "data") {
      this.#frame.data += this.#lines > 0 ? `\n${value}` : value;
      this.#lines += 1;
    }
  }
}

/** Where the line ends and the next one begins; nothing while a lone CR may still become CRLF. */
function lineEnd(text: string, from: number): { at: number; next: number } | null {
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 10) return { at: i, next: i + 1 };
    if (code === 13) {
      if (i + 1 === text.length) return null;
      return { at: i, next: text.charCodeAt(i + 1) === 10 ? i + 2 : i + 1 };
    }
  }
  return null;
}
