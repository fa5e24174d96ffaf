import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { visibleText } from "../visible";
import { count } from "../words";
import { MOST, find } from "./find";
import type { Held } from "./held";
import { Scale } from "./scale";

/** The height of a row, as style/panel.css has it. */
const ROW = 18;
/** Rows above and below those in sight. */
const SPARE = 20;

interface Props {
  held: Held;
  /** Says that there is more. */
  version: number;
  label: string;
  /** Rows as the cells of a table. */
  grid?: Grid | undefined;
}

export interface Grid {
  columns: string[];
  /** Widths, as CSS has them. */
  template: string;
  cells: (row: string) => string[];
}

/** Rows of a document of which only those in sight are drawn, with a search in all of them. */
export function Rows({ held, version, label, grid }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const scale = useRef(new Scale(0, 400)).current;
  const [, draw] = useState(0);
  const redraw = () => draw((n) => n + 1);
  const { words, setWords, hits, at, setAt, searching } = useHits(held, version, (row) => go(row));
  scale.total = (held.count + (grid ? 1 : 0)) * ROW;
  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      scale.view = entry.contentRect.height;
      redraw();
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const stand = (place: number) => {
    if (!box.current || Math.abs(box.current.scrollTop - place) < 0.5) return;
    box.current.scrollTop = place;
    scale.stands(box.current.scrollTop);
  };
  const go = (row: number) => {
    stand(scale.go(row * ROW - scale.view / 2));
    redraw();
  };
  const next = (step: number) => {
    const to = (at + step + hits.length) % Math.max(1, hits.length);
    const row = hits[to];
    if (row === undefined) return;
    setAt(to);
    go(row);
  };
  const first = Math.max(0, Math.floor(scale.position / ROW) - SPARE);
  const last = Math.min(held.count, Math.ceil((scale.position + scale.view) / ROW) + SPARE);
  const rows = held.slice(first, last);
  const place = `translateY(${first * ROW - scale.offset}px)`;
  const isHit = (n: number) => words !== "" && hits[at] === first + n;
  return (
    <div class="rows-view">
      <form class="find-line" onSubmit={(event) => { event.preventDefault(); next(1); }}>
        <input type="search" aria-label={`find in ${label}`} placeholder="find..." value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        <span class="meta" role="status">{words && said(hits.length, at, searching)}</span>
        {hits.length > 1 && <button type="submit" class="ghost small">next</button>}
        {hits.length > 1 && <button type="button" class="ghost small" onClick={() => next(-1)}>previous</button>}
      </form>
      <div class="rows-box" ref={box} tabIndex={0} role="group" aria-label={label} onScroll={(event) => { stand(scale.scrolled(event.currentTarget.scrollTop)); redraw(); }}>
        {grid ? (
          <Table grid={grid} total={held.count} first={first} height={scale.height} place={place} label={label}>
            {rows.map((row, n) => (
              <div key={first + n} role="row" aria-rowindex={first + n + 2} class={isHit(n) ? "grid-row hit-row" : "grid-row"} style={{ gridTemplateColumns: grid.template }}>
                {grid.cells(row).map((cell, column) => <span key={column} role="cell">{cell}</span>)}
              </div>
            ))}
          </Table>
        ) : (
          <div class="rows-all" style={{ height: `${scale.height}px` }}>
            <pre style={{ transform: place }}>
              {rows.map((row, n) => <div key={first + n} class={isHit(n) ? "row hit-row" : "row"}>{visibleText(row) || " "}</div>)}
            </pre>
          </div>
        )}
      </div>
    </div>
  );
}

function Table({ grid, total, first, height, place, label, children }: { grid: Grid; total: number; first: number; height: number; place: string; label: string; children: ComponentChildren }) {
  return (
    <div class="rows-all" role="table" aria-label={label} aria-rowcount={total + 1} data-first={first} style={{ height: `${height}px` }}>
      <div class="grid-head" role="rowgroup">
        <div role="row" aria-rowindex={1} class="grid-row" style={{ gridTemplateColumns: grid.template }}>
          {grid.columns.map((name) => <span key={name} role="columnheader">{visibleText(name)}</span>)}
        </div>
      </div>
      <div class="grid-body" role="rowgroup" style={{ transform: place }}>{children}</div>
    </div>
  );
}

/** The rows that have some words; `onFirst` goes to the first of them. */
function useHits(held: Held, version: number, onFirst: (row: number) => void) {
  const [words, setWords] = useState("");
  const [hits, setHits] = useState<number[]>([]);
  const [at, setAt] = useState(0);
  const [searching, setSearching] = useState(false);
  const went = useRef("");
  useEffect(() => {
    setSearching(words !== "");
    if (words === "") {
      went.current = "";
      setHits([]);
      return;
    }
    const stop = new AbortController();
    if (went.current !== words) setAt(0);
    void find(held, words, (found, done) => {
      if (stop.signal.aborted) return;
      setHits([...found]);
      setSearching(!done);
      const first = found[0];
      if (first === undefined || went.current === words) return;
      went.current = words;
      onFirst(first);
    }, stop.signal);
    return () => stop.abort();
  }, [held, version, words]);
  return { words, setWords, hits, at, setAt, searching };
}

function said(hits: number, at: number, searching: boolean): string {
  if (hits === 0) return searching ? "searching..." : "nothing";
  return `${(at + 1).toLocaleString("en")} of ${hits >= MOST ? `${count(hits, "row")} or more` : count(hits, "row")}${searching ? "..." : ""}`;
}
