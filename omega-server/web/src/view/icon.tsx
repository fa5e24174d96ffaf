import type { IconNode } from "lucide";
import { h } from "preact";

/** An icon of the set that the style guide names. It says nothing by itself: words stand beside it. */
export function Icon({ of, size = 16 }: { of: IconNode; size?: 14 | 16 | 20 }) {
  return (
    <svg class="icon" aria-hidden="true" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
      stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
      {of.map(([tag, attributes], at) => h(tag, { ...attributes, key: at }))}
    </svg>
  );
}
