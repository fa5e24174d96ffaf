// Formulas as MathML, built element by element: no text is read as markup, and what is no MathML is not built.

import { h, type ComponentChildren, type JSX } from "preact";
import { memo } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import type { MathNode } from "../math/math";
import { readableText } from "../visible";

type Read = (tex: string, isBlock: boolean) => MathNode | null;

/** Loaded when the first formula is shown; the same for all of them. */
let loading: Promise<Read> | null = null;
let loaded: Read | null = null;

const load = () =>
  (loading ??= import("../math/math").then(({ formula }) => {
    loaded = formula;
    return formula;
  }));

/** A formula; as it was written until it is read, and where it can't be. */
export const Formula = memo(function Formula({ text, isBlock }: { text: string; isBlock: boolean }): JSX.Element {
  const [read, setRead] = useState<Read | null>(() => loaded);
  useEffect(() => {
    if (read) return;
    let gone = false;
    // Without it the formula is what the model wrote: a file that does not come is no error.
    load().then((found) => !gone && setRead(() => found), () => undefined);
    return () => {
      gone = true;
    };
  }, []);
  const tree = read?.(texOf(text), isBlock);
  return <>{tree ? mathMl(tree) : readableText(text)}</>;
});

/** What stands between a formula's signs. */
export const texOf = (text: string): string => text.replace(/^(?:\$\$|\$|\\\[|\\\()([^]*?)(?:\$\$|\$|\\\]|\\\))$/, "$1").trim();

const ELEMENTS = new Set(
  ("math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup msubsup munder mover munderover " +
    "mmultiscripts mprescripts none mtable mtr mtd").split(" "),
);
/** Attributes that lay out; none leads or loads anything. */
const ATTRIBUTES = new Set(
  ("accent accentunder columnspan rowspan depth display displaystyle fence height largeop linethickness lspace mathvariant maxsize minsize " +
    "movablelimits rspace scriptlevel separator stretchy symmetric voffset width notation form").split(" "),
);
/** What a formula may set of how its parts look. */
const STYLES = /^(?:padding|margin|text-align|border|font-style|font-weight)/;

/** A tree of Temml as elements. */
export function mathMl(node: MathNode, key = 0): ComponentChildren {
  if (node.text !== undefined && !node.type) return readableText(node.text);
  const children = node.children?.map(mathMl);
  if (!node.type || !ELEMENTS.has(node.type)) return children;
  const attributes: Record<string, unknown> = { key };
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    if (ATTRIBUTES.has(name) && typeof value !== "object") attributes[name] = String(value);
  }
  const style = Object.entries(node.style ?? {}).filter(([name, value]) => STYLES.test(kebab(name)) && !/[(:;]/.test(String(value)));
  if (style.length > 0) attributes["style"] = Object.fromEntries(style);
  return h(node.type, attributes, children);
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
