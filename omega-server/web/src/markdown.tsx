// Markdown as a tree of elements: marked only reads it into tokens, and every token becomes an element here. No text is
// ever read as HTML; raw HTML is shown as the text it is; images become links, so nothing is loaded that a message names.

import { marked, type Token, type Tokens } from "marked";
import type { ComponentChildren, JSX } from "preact";
import { memo } from "preact/compat";
import { affordable } from "./affordable";
import { CopyButton } from "./view/copy-button";

/** A finished message. Drawn once: the text of a finished message does not change. */
export const Markdown = memo(function Markdown({ text }: { text: string }): JSX.Element {
  if (!affordable(text)) return <div class="prose"><p class="raw-text">{text}</p></div>;
  const tokens = marked.lexer(text, { gfm: true });
  return <div class="prose">{blocks(nest(tokens))}</div>;
});

/** A message's headings sit below its author's name, and none skips a level: that is what a screen reader walks by. */
function nest(tokens: Token[]): Token[] {
  const above: number[] = [];
  return tokens.map((token) => {
    if (token.type !== "heading") return token;
    const { depth } = token as Tokens.Heading;
    while (above.length > 0 && Number(above.at(-1)) >= depth) above.pop();
    above.push(depth);
    return { ...token, depth: above.length };
  });
}

/** The address if a message may link to it, else nothing. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function Link({ href, children, note }: { href: string; children: ComponentChildren; note?: string }): JSX.Element {
  const safe = safeHref(href);
  if (!safe) return <span class="dead-link" title={`not linked: ${href}`}>{children}</span>;
  return (
    <a href={safe} title={note ?? safe} target="_blank" rel="noopener noreferrer nofollow ugc">
      {children}
    </a>
  );
}

function blocks(tokens: Token[]): ComponentChildren {
  return tokens.map((token, at) => block(token, at));
}

function block(token: Token, key: number): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const Tag = `h${Math.min(6, (token as Tokens.Heading).depth + 2)}` as "h3" | "h4" | "h5" | "h6";
      return <Tag key={key}>{inlines((token as Tokens.Heading).tokens)}</Tag>;
    }
    case "paragraph":
      return <p key={key}>{inlines((token as Tokens.Paragraph).tokens)}</p>;
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
    case "html":
      return <p key={key} class="raw-text">{(token as Tokens.HTML).text}</p>;
    default:
      // Text at block level, as in tight list items.
      return "tokens" in token && token.tokens ? <span key={key}>{inlines(token.tokens)}</span> : token.raw;
  }
}

function list(token: Tokens.List, key: number): JSX.Element {
  const items = token.items.map((item, at) => (
    <li key={at} class={item.task ? "task" : undefined}>
      {item.task && <span aria-label={item.checked ? "done" : "not done"}>{item.checked ? "☑ " : "☐ "}</span>}
      {blocks(item.tokens.filter((child) => child.type !== "checkbox"))}
    </li>
  ));
  return token.ordered ? <ol key={key} start={Number(token.start) || 1}>{items}</ol> : <ul key={key}>{items}</ul>;
}

function table(token: Tokens.Table, key: number): JSX.Element {
  const align = (at: number) => (token.align[at] ? `align-${token.align[at]}` : undefined);
  return (
    <div key={key} class="table-frame" tabIndex={0} role="region" aria-label="table">
      <table>
        <thead>
          <tr>{token.header.map((cell, at) => <th key={at} scope="col" class={align(at)}>{inlines(cell.tokens)}</th>)}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, line) => (
            <tr key={line}>{row.map((cell, at) => <td key={at} class={align(at)}>{inlines(cell.tokens)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CodeBlock({ text, lang }: { text: string; lang?: string | undefined }): JSX.Element {
  return (
    <figure class="code">
      <figcaption>
        <span>{lang?.split(/\s/)[0] || "text"}</span>
        <CopyButton text={text} what="code" />
      </figcaption>
      <pre tabIndex={0}><code>{text}</code></pre>
    </figure>
  );
}

function inlines(tokens: Token[] | undefined): ComponentChildren {
  return tokens?.map((token, at) => inline(token, at));
}

function inline(token: Token, key: number): ComponentChildren {
  switch (token.type) {
    case "strong":
      return <strong key={key}>{inlines(token.tokens)}</strong>;
    case "em":
      return <em key={key}>{inlines(token.tokens)}</em>;
    case "del":
      return <del key={key}>{inlines(token.tokens)}</del>;
    case "codespan":
      return <code key={key}>{token["text"]}</code>;
    case "br":
      return <br key={key} />;
    case "link":
      return <Link key={key} href={token["href"]}>{inlines(token.tokens)}</Link>;
    case "image":
      return <Link key={key} href={token["href"]} note={`image: ${token["href"]}`}>[image: {token["text"] || token["href"]}]</Link>;
    case "escape":
      return token["text"];
    case "text":
      return token.tokens ? inlines(token.tokens) : unescapeEntities(token["text"]);
    default:
      return token.raw; // Raw HTML, and whatever a later version reads: as text.
  }
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The few entities that Markdown writers use; the result is text, so nothing can come alive by it. */
function unescapeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : "\ufffd";
  });
}
