import type { JSX } from "preact";
import { memo } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import type { Piece } from "../highlight/highlight";
import { CopyButton } from "../view/copy-button";
import { visibleText } from "../visible";

type Highlight = (code: string, language: string) => Piece[] | null;

/** Loaded when the first code is shown; the same for all of them. */
let loading: Promise<Highlight> | null = null;
let loaded: Highlight | null = null;

const load = () =>
  (loading ??= import("../highlight/highlight").then(({ highlight }) => {
    loaded = highlight;
    return highlight;
  }));

/** Characters that are worth colours: beyond it the code is plain. */
const LONGEST = 50_000;

/** Code with the colours of its language, which change nothing in its layout. */
export const CodeBlock = memo(function CodeBlock({ text, lang }: { text: string; lang?: string | undefined }): JSX.Element {
  const language = lang?.split(/[\s,{]/)[0] || "text";
  return (
    <figure class="code">
      <figcaption>
        <span>{language}</span>
        <CopyButton text={text} what="code" />
      </figcaption>
      <pre tabIndex={0}><code><Coloured text={visibleText(text)} language={language} /></code></pre>
    </figure>
  );
});

/** Text in the colours of a language; as it is until they are there. */
export function Coloured({ text, language }: { text: string; language: string }): JSX.Element {
  const [highlight, setHighlight] = useState<Highlight | null>(() => loaded);
  useEffect(() => {
    if (highlight) return;
    let gone = false;
    // Without them the code is as readable: a file that does not come is no error.
    load().then((found) => !gone && setHighlight(() => found), () => undefined);
    return () => {
      gone = true;
    };
  }, []);
  const pieces = text.length <= LONGEST ? highlight?.(text, language) : null;
  if (!pieces) return <>{text}</>;
  return <>{pieces.map(([kind, words], at) => (kind ? <span key={at} class={`tok-${kind}`}>{words}</span> : words))}</>;
}
