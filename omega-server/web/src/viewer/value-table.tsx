import { useState } from "preact/hooks";
import { visibleText } from "../visible";
import { count } from "../words";
import type { Grid } from "./rows";

const COLUMNS = 20;
const ROWS = 200;

type Row = Record<string, unknown>;

/** The rows of a value that is a table: a list of objects with plain values, alone or as the only list of an object. */
export function rowsOf(value: unknown): Row[] | null {
  const list = Array.isArray(value) ? value : isObject(value) ? onlyList(value) : null;
  if (!list || list.length === 0 || !list.every(isObject)) return null;
  const rows = list as Row[];
  const columns = columnsOf(rows);
  const isFlat = rows.every((row) => Object.values(row).every((cell) => typeof cell !== "object" || cell === null));
  return columns.length > 0 && columns.length <= COLUMNS && isFlat ? rows : null;
}

const isObject = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

function onlyList(value: Row): unknown[] | null {
  const lists = Object.values(value).filter((one): one is unknown[] => Array.isArray(one));
  return lists.length === 1 ? (lists[0] ?? null) : null;
}

const columnsOf = (rows: Row[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];

/** A table of values, in the order in which they came. */
export function ValueTable({ rows, label }: { rows: Row[]; label: string }) {
  const [shown, setShown] = useState(ROWS);
  const columns = columnsOf(rows);
  return (
    <div class="value-table">
      <div class="table-frame" tabIndex={0} role="group" aria-label={label}>
        <table>
          <thead><tr>{columns.map((name) => <th key={name} scope="col">{visibleText(name)}</th>)}</tr></thead>
          <tbody>
            {rows.slice(0, shown).map((row, at) => (
              <tr key={at}>{columns.map((name) => <td key={name} class={typeof row[name] === "number" ? "align-right" : undefined}>{cell(row[name])}</td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > shown && (
        <button type="button" class="ghost small" onClick={() => setShown(shown + ROWS)}>show more of {count(rows.length, "row")}</button>
      )}
    </div>
  );
}

const cell = (value: unknown): string => (value === undefined ? "" : visibleText(typeof value === "string" ? value : (JSON.stringify(value) ?? "")));

/** Characters of a cell that are drawn. */
const CELL = 300;
/** A column's width, in characters. */
const NARROW = 6;
/** Beside a cell's words, in pixels, as style/panel.css has it, and one more. */
const PADDING = 17;
const WIDE = 40;

/** A table by its first entries, as they stand in the document; nothing when they are none. What is no row of it stands as it is. */
export function gridOf(entries: string[]): Grid | null {
  const rows = rowsOf(entries.map(parsed));
  if (!rows) return null;
  const columns = columnsOf(rows);
  const cells = (entry: string): string[] => {
    const row = parsed(entry);
    if (!isObject(row)) return [visibleText(entry.slice(0, CELL))];
    const others = Object.keys(row).filter((name) => !columns.includes(name));
    const last = columns.at(-1);
    return columns.map((name) => {
      const own = cell(row[name]).slice(0, CELL);
      return name === last && others.length > 0 ? `${own} ${others.map((other) => `${visibleText(other)}: ${cell(row[other])}`).join(", ")}`.slice(0, CELL) : own;
    });
  };
  const widths = columns.map((name) => Math.max(name.length, ...rows.map((row) => cell(row[name]).length)));
  const template = widths.map((width) => `calc(${Math.min(WIDE, Math.max(NARROW, width))}ch + ${PADDING}px)`).join(" ");
  return { columns, template, cells };
}

function parsed(entry: string): unknown {
  try {
    return JSON.parse(entry);
  } catch {
    return null;
  }
}
