// Formulas read by Temml. A file of its own, which is loaded with the first formula; it shares nothing with the rest of the
// page but types, so that it needs no file between the two.

import temml from "temml";

/** A node of the tree that Temml makes of a formula: an element, or a text. */
export interface MathNode {
  type?: string;
  text?: string;
  attributes?: Record<string, unknown>;
  style?: Record<string, string>;
  children?: MathNode[];
}

/** The formula as a tree, or nothing where it can't be read. What it may have is for `markdown/formula.tsx` to say. */
export function formula(tex: string, isBlock: boolean): MathNode | null {
  try {
    const options = { displayMode: isBlock, throwOnError: true, trust: false, strict: false, annotate: false, maxSize: [20, 20] as [number, number], maxExpand: 100 };
    return findMath(temml.__renderToMathMLTree(tex, options) as MathNode);
  } catch {
    return null;
  }
}

function findMath(node: MathNode): MathNode | null {
  if (node.type === "math") return node;
  for (const child of node.children ?? []) {
    const found = findMath(child);
    if (found) return found;
  }
  return null;
}
