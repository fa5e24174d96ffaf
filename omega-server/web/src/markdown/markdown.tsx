// Markdown as a tree of elements: marked only reads it into tokens, and every token becomes an element here. No text is
// ever read as HTML: of raw HTML the few tags without attributes that models write (markdown/tags.ts) are elements, the rest is
// shown as the text it is. Images become links, so nothing is loaded that a message names.

import type { Token, Tokens } from "marked";
import { createContext, type ComponentChildren, type JSX } from "preact";
import { memo } from "preact/compat";
import { useContext, useEffect, useId, useRef, useState } from "preact/hooks";
import { CopyButton } from "../view/copy-button";
import { hostBeside, readableText } from "../visible";
import { CodeBlock } from "./code";
import { Formula } from "./formula";
import { Reader, type Block } from "./reader";
import { folds, pairs, type Fold } from "./tags";

interface Props {
  text: string;
  /** More of it is to come. */
  streaming?: boolean;
}

/** A message. While it streams the finished blocks stand, and the last one grows; nothing is drawn anew when it is whole. */
export const Markdown = memo(function Markdown({ text, streaming = false }: Props): JSX.Element {
  const reader = useRef<Reader | null>(null);
  const known = useAtLeisure(text, streaming);
  const id = useId();
  reader.current ??= new Reader();
  const before = performance.now();
  const read = reader.current.read(known.text, !streaming);
  known.took(performance.now() - before);
  if (read.plain !== undefined) return <div class="prose"><p class="raw-text">{readableText(read.plain)}</p></div>;
  const notes = read.blocks.filter(({ token }) => token.type === "footnote");
  return (
    <div class={`prose${streaming ? " growing" : ""}`}>
      <Message.Provider value={id}>
        {views(read.blocks, 0, folds(read.blocks.map((one) => one.token), streaming))}
        {notes.length > 0 && <Footnotes notes={notes} />}
      </Message.Provider>
    </div>
  );
});

/** A block that is long to read is read again less often, so that the page stays quick: at most a tenth of the time goes there. */
function useAtLeisure(text: string, streaming: boolean) {
  const cost = useRef(0);
  const last = useRef({ at: 0, text });
  const [, again] = useState(0);
  const wait = streaming ? 10 * cost.current - (performance.now() - last.current.at) : 0;
  const isDue = wait <= 16 || !text.startsWith(last.current.text);
  useEffect(() => {
    if (isDue) return;
    const timer = setTimeout(() => again((n) => n + 1), wait);
    return () => clearTimeout(timer);
  }, [text]);
  if (isDue) last.current = { at: performance.now(), text };
  return {
    text: last.current.text,
    took: (ms: number) => {
      if (isDue) cost.current = ms;
    },
  };
}

/** Which message: what leads to a footnote stays within it. */
const Message = createContext("");

/** Blocks from a place on, those of a fold within it. */
function views(blocks: Block[], from: number, folded: Map<number, Fold>, to = blocks.length): ComponentChildren[] {
  const out: ComponentChildren[] = [];
  for (let at = from; at < to; at += 1) {
    const one = blocks[at] as Block;
    const fold = folded.get(at);
    if (fold) {
      out.push(
        <details key={at} class="fold">
          <summary>{readableText(fold.summary || "more")}</summary>
          {fold.text && <p>{readableText(fold.text)}</p>}
          {views(blocks, at + 1, folded, fold.to)}
        </details>,
      );
      at = Math.max(at, fold.to - (fold.isClosed ? 0 : 1));
    } else if (one.token.type !== "footnote" && one.token.type !== "space" && one.token.type !== "def") {
      out.push(<BlockView key={at} block={one} />);
    }
  }
  return out;
}

const BlockView = memo(function BlockView({ block: one }: { block: Block }) {
  return <>{block(one.token, 0, one.level)}</>;
});

/** The address if a message may link to it, else nothing. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function Link({ href, words, children, note }: { href: string; words: string; children: ComponentChildren; note?: string }): JSX.Element {
  const safe = safeHref(href);
  if (!safe) return <span class="dead-link" title={`not linked: ${href}`}>{children}</span>;
  const host = hostBeside(words, safe);
  return (
    <>
      <a href={safe} title={note ?? safe} target="_blank" rel="noopener noreferrer nofollow ugc">
        {children}
      </a>
      {host && <span class="real-host"> ({host})</span>}
    </>
  );
}

const anchor = (message: string, label: string, what: "note" | "mark") => `fn-${what}-${message}-${encodeURIComponent(label)}`;

/** Leads from a mark to its note and back, without a trace in the address. */
function Jump({ to, id, label, children }: { to: string; id?: string; label: string; children: ComponentChildren }) {
  const jump = () => {
    const target = document.getElementById(to);
    target?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
  };
  return <button type="button" id={id} class="footnote-mark" aria-label={label} onClick={jump}>{children}</button>;
}

function FootnoteMark({ label }: { label: string }) {
  const message = useContext(Message);
  return <sup><Jump to={anchor(message, label, "note")} id={anchor(message, label, "mark")} label={`footnote ${label}`}>{label}</Jump></sup>;
}

function Footnotes({ notes }: { notes: Block[] }) {
  const message = useContext(Message);
  return (
    <section class="footnotes" aria-label="footnotes">
      {notes.map(({ token }, at) => {
        const label = String((token as Tokens.Generic)["label"]);
        return (
          <p key={at} id={anchor(message, label, "note")} tabIndex={-1}>
            <Jump to={anchor(message, label, "mark")} label={`back to the text of footnote ${label}`}>{label}</Jump> {inlines(token as Tokens.Generic)}
          </p>
        );
      })}
    </section>
  );
}

function blocks(tokens: Token[]): ComponentChildren {
  return tokens.map((token, at) => block(token, at));
}

function block(token: Token, key: number, level = 6): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const Tag = `h${level}` as "h3" | "h4" | "h5" | "h6";
      return <Tag key={key}>{inlines(token)}</Tag>;
    }
    case "paragraph":
      return <p key={key}>{inlines(token)}</p>;
    case "code":
      return <CodeBlock key={key} text={(token as Tokens.Code).text} lang={(token as Tokens.Code).lang} />;
    case "blockquote":
      return <blockquote key={key}>{blocks((token as Tokens.Blockquote).tokens)}</blockquote>;
    case "list":
      return list(token as Tokens.List, key);
    case "table":
      return table(token as Tokens.Table, key);
    case "hr":
      return <hr key={key} />;
    case "formula":
      return <p key={key} class="formula block" tabIndex={0}><Formula text={(token as Tokens.Generic)["text"]} isBlock /></p>;
    case "footnote":
      return <p key={key}>{inlines(token)}</p>;
    case "html":
      return <p key={key} class="raw-text">{readableText((token as Tokens.HTML).text)}</p>;
    default:
      // Text at block level, as in tight list items.
      return "tokens" in token && token.tokens ? <span key={key}>{inlines(token)}</span> : readableText(token.raw);
  }
}

function list(token: Tokens.List, key: number): JSX.Element {
  const items = token.items.map((item, at) => (
    <li key={at} class={item.task ? "task" : undefined}>
      {item.task && <span role="img" aria-label={item.checked ? "done" : "not done"} class={`box${item.checked ? " checked" : ""}`} />}
      {blocks(item.tokens.filter((child) => child.type !== "checkbox"))}
    </li>
  ));
  return token.ordered ? <ol key={key} start={token.start === "" ? 1 : Number(token.start)}>{items}</ol> : <ul key={key}>{items}</ul>;
}

function table(token: Tokens.Table, key: number): JSX.Element {
  const align = (at: number) => (token.align[at] ? `align-${token.align[at]}` : undefined);
  return (
    <div key={key} class="table-block">
      <div class="table-frame" tabIndex={0} role="group" aria-label="table">
        <table>
          <thead>
            <tr>{token.header.map((cell, at) => <th key={at} scope="col" class={align(at)}>{inlines(cell)}</th>)}</tr>
          </thead>
          <tbody>
            {token.rows.map((row, line) => (
              <tr key={line}>{row.map((cell, at) => <td key={at} class={align(at)}>{inlines(cell)}</td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
      <CopyButton text={token.raw.trim()} what="the table as Markdown" />
    </div>
  );
}

function inlines({ tokens }: { tokens?: Token[] | undefined }): ComponentChildren {
  if (!tokens?.some((token) => token.type === "html")) return tokens?.map((token, at) => inline(token, at));
  return spans(tokens, 0, tokens.length, pairs(tokens));
}

/** Words from a place on, those between two tags within their element. */
function spans(tokens: Token[], from: number, to: number, paired: ReturnType<typeof pairs>): ComponentChildren[] {
  const out: ComponentChildren[] = [];
  for (let at = from; at < to; at += 1) {
    const token = tokens[at] as Token;
    const pair = paired.get(at);
    if (pair) {
      out.push(<pair.tag key={at}>{spans(tokens, at + 1, pair.to, paired)}</pair.tag>);
      at = pair.to;
    } else if (token.type === "html" && /^<br ?\/?>$/i.test(token.raw)) {
      out.push(<br key={at} />);
    } else {
      out.push(inline(token, at));
    }
  }
  return out;
}

function inline(token: Token, key: number): ComponentChildren {
  switch (token.type) {
    case "strong":
      return <strong key={key}>{inlines(token)}</strong>;
    case "em":
      return <em key={key}>{inlines(token)}</em>;
    case "del":
      return <del key={key}>{inlines(token)}</del>;
    case "codespan":
      return <code key={key}>{readableText(token["text"])}</code>;
    case "br":
      return <br key={key} />;
    case "link":
      return <Link key={key} href={token["href"]} words={wordsOf(token)}>{inlines(token)}</Link>;
    case "image":
      return <Link key={key} href={token["href"]} words={token["text"]} note={`image: ${token["href"]}`}>[image: {readableText(token["text"] || token["href"])}]</Link>;
    case "pending":
      return <span key={key}>{inlines(token)}</span>;
    case "footnoteMark":
      return <FootnoteMark key={key} label={token["label"]} />;
    case "inlineFormula":
      return <span key={key} class="formula"><Formula text={token["text"]} isBlock={false} /></span>;
    case "escape":
      return token["text"];
    case "text":
      return token.tokens ? inlines(token) : readableText(unescapeEntities(token["text"]));
    default:
      return readableText(token.raw); // Raw HTML, and whatever a later version reads: as text.
  }
}

/** What a reader sees of a token. */
const wordsOf = (token: Token): string => ("tokens" in token && token.tokens ? token.tokens.map(wordsOf).join("") : String((token as Tokens.Generic)["text"] ?? token.raw));

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The few entities that Markdown writers use; the result is text, so nothing can come alive by it. */
function unescapeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : "\ufffd";
  });
}
