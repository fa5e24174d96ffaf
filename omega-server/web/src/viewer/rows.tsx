import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { visibleText } from "../visible";
import { count } from "../words";

/** The height of a row, as style/panel.css has it. */
const ROW = 18;
/** Rows above and below those in sight. */
const SPARE = 20;

/** Rows of text of which only those in sight are drawn, with a search in all of them. `version` says that there are more. */
export function Rows({ rows, version, label }: { rows: readonly string[]; version: number; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const hits = useMemo(() => hitsOf(rows, words), [rows, version, words]);
  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setHeight(entry.contentRect.height));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const go = (to: number) => {
    const row = hits[to];
    if (row === undefined || !box.current) return;
    setAt(to);
    box.current.scrollTop = Math.max(0, row * ROW - height / 2);
  };
  const type = (next: string) => {
    setWords(next);
    setAt(0);
    const first = hitsOf(rows, next)[0];
    if (first !== undefined && box.current) box.current.scrollTop = Math.max(0, first * ROW - height / 2);
  };
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + SPARE);
  return (
    <div class="rows-view">
      <form class="find-line" role="search" onSubmit={(event) => { event.preventDefault(); go((at + 1) % Math.max(1, hits.length)); }}>
        <input type="search" aria-label={`find in ${label}`} placeholder="find..." value={words} onInput={(event) => type(event.currentTarget.value)} />
        <span class="meta" role="status">{words && (hits.length > 0 ? `${at + 1} of ${count(hits.length, "row")}` : "nothing")}</span>
        {hits.length > 1 && <button type="submit" class="ghost small">next</button>}
        {hits.length > 1 && <button type="button" class="ghost small" onClick={() => go((at + hits.length - 1) % hits.length)}>previous</button>}
      </form>
      <div class="rows-box" ref={box} tabIndex={0} role="group" aria-label={label} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <div class="rows-all" style={{ height: `${rows.length * ROW}px` }}>
          <pre style={{ transform: `translateY(${first * ROW}px)` }}>
            {rows.slice(first, last).map((row, n) => (
              <div key={first + n} class={words && hits[at] === first + n ? "row hit-row" : "row"}>{visibleText(row) || " "}</div>
            ))}
          </pre>
        </div>
      </div>
    </div>
  );
}

/** Hits that are worth counting. */
const MOST = 10_000;

function hitsOf(rows: readonly string[], words: string): number[] {
  const wanted = words.toLowerCase();
  const hits: number[] = [];
  if (!wanted) return hits;
  for (let at = 0; at < rows.length && hits.length < MOST; at += 1) {
    if (rows[at]?.toLowerCase().includes(wanted)) hits.push(at);
  }
  return hits;
}
