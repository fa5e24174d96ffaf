// What turns the words around it is escaped in every text that any component shows, whoever writes the next one; in code, facts,
// errors and labels, where names stand, nothing hides at all. Where a name stands in another sentence components say `visibleText`
// themselves.

import { options } from "preact";
import { readableText, visibleText } from "../visible";

const LABELS = ["title", "aria-label", "placeholder"];
/** What holds names, inputs and outputs, and nothing that somebody wrote for others to read. */
const EXACT = new Set(["code", "pre", "option", "caption"]);
const EXACT_CLASSES = /(^| )(meta|error-text|author)( |$)/;

const isExact = (type: string, props: Record<string, unknown>) => EXACT.has(type) || EXACT_CLASSES.test(String(props.class ?? ""));

const visible = (child: unknown): unknown => (typeof child === "string" ? visibleText(child) : Array.isArray(child) ? child.map(visible) : child);

/** From here on each text that is drawn is safe to read. */
export function guardTexts(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const { type } = vnode;
    // A text has itself for its properties.
    if (type === null) {
      const text: unknown = vnode.props;
      if (typeof text === "string") vnode.props = readableText(text) as never;
    } else if (typeof type === "string") {
      const props = vnode.props as unknown as Record<string, unknown>;
      for (const label of LABELS) {
        const text = props[label];
        if (typeof text === "string") props[label] = visibleText(text);
      }
      if (isExact(type, props)) props.children = visible(props.children);
    }
    before?.(vnode);
  };
}
