// What turns the words around it is escaped in every text and every label that any component shows, whoever writes the next
// one. Where nothing at all may hide (names, inputs, outputs, code) components say `visibleText` themselves.

import { options } from "preact";
import { readableText } from "../visible";

const LABELS = ["title", "aria-label", "placeholder"];

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
        if (typeof text === "string") props[label] = readableText(text);
      }
    }
    before?.(vnode);
  };
}
