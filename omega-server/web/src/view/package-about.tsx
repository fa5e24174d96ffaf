import type { PackageFacts } from "../types";
import { readableText } from "../visible";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** A span in its largest unit, as the terminal says it. */
export function age(millis: number): string {
  if (millis < HOUR) return "less than an hour";
  const [size, unit] = millis < 2 * DAY ? [HOUR, "hour"] : millis < 60 * DAY ? [DAY, "day"] : millis < 730 * DAY ? [30 * DAY, "month"] : [365 * DAY, "year"];
  const count = Math.floor(millis / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** What npm says of a package that would be added; what it does not say is unknown. */
export function PackageAbout({ facts, now = Date.now() }: { facts: PackageFacts; now?: number }) {
  const since = (at: string | null | undefined) => (at ? age(Math.max(0, now - Date.parse(at))) : "unknown");
  const downloads = facts.weeklyDownloads == null ? "unknown" : `${facts.weeklyDownloads.toLocaleString("en-US")} in the last week`;
  const rows: [string, string][] = [
    ["publisher", facts.publisher ?? "unknown"],
    ["downloads", downloads],
    ["age", since(facts.createdAt)],
    ["version's age", since(facts.publishedAt)],
  ];
  if (facts.description) rows.push(["says of itself", facts.description]);
  if (facts.deprecated) rows.push(["deprecated", facts.deprecated]);
  return (
    <dl class="facts" aria-label="what npm says of it">
      {rows.map(([name, what]) => [<dt key={name}>{name}</dt>, <dd key={`${name}-`} class="wrap">{readableText(what)}</dd>])}
    </dl>
  );
}
