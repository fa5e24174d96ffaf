import { useCallback, useState } from "preact/hooks";
import { stats } from "../../account";
import { serverNow } from "../../server-clock";
import type { Stats } from "../../types";
import { visibleText } from "../../visible";
import { count, dollars, duration } from "../../words";
import { Section } from "./section";
import { useList } from "./use-list";

const DAY_MS = 24 * 3600 * 1000;

const TIMES: readonly (readonly [days: number, words: string])[] = [[1, "day"], [7, "week"], [30, "month"], [90, "three months"]];

/** How often, how well and at what cost Omega worked: the whole server's for administrators, else one's own. */
export function Statistics() {
  const [days, setDays] = useState(7);
  const load = useCallback(() => stats(new Date(serverNow() - days * DAY_MS)), [days]);
  const { items, error } = useList(load);
  const about = items?.scope === "server" ? "Of everybody's work on this server" : "Of your own conversations";
  return (
    <Section id="statistics" title="Statistics" about={about} error={error}>
      <label class="field">
        <span>of the last</span>
        <select value={String(days)} onChange={(event) => setDays(Number(event.currentTarget.value))}>
          {TIMES.map(([value, words]) => <option key={value} value={String(value)}>{words}</option>)}
        </select>
      </label>
      {!items && !error && <p class="note" role="status">loading...</p>}
      {items && <Figures stats={items} />}
      {items && <Series stats={items} />}
      {items && items.tools.mostCalled.length > 0 && <Tools stats={items} />}
      {items && items.usage.models.length > 0 && <ModelTable stats={items} />}
    </Section>
  );
}

const share = (part: number | null | undefined): string => (part === undefined || part === null ? "–" : `${Math.round(100 * part)} %`);

function Figures({ stats: { conversations, runs, tools, usage, feedback } }: { stats: Stats }) {
  const { inputTokens, outputTokens } = usage.all;
  const figures: [name: string, figure: string, more: string][] = [
    ["conversations", conversations.created.toLocaleString("en"), `${share(conversations.withToolShare)} used a tool`],
    ["answered", share(runs.completionRate), `of ${count(runs.total, "message")}; ${runs.failed} failed`],
    ["tool calls", tools.all.calls.toLocaleString("en"), `${share(tools.all.successRate)} worked`],
    ["first tool after", conversations.medianFirstToolMs === undefined ? "–" : duration(conversations.medianFirstToolMs), "half of the times"],
    ["tokens", (inputTokens + outputTokens).toLocaleString("en"), dollars(usage.all) || "no cost"],
    ["like a real agent", share(feedback.feltRealShare), `${feedback.good} good, ${feedback.bad} bad`],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, figure, more]) => (
        <div key={name}>
          <dt class="label">{name}</dt>
          <dd><b class="tabular">{figure}</b> <span class="meta">{more}</span></dd>
        </div>
      ))}
    </dl>
  );
}

/** Messages over the time, as bars; the table below says the same in words. */
function Series({ stats: { series } }: { stats: Stats }) {
  const most = Math.max(1, ...series.map(({ runs }) => runs));
  const total = series.reduce((sum, { runs }) => sum + runs, 0);
  if (total === 0) return null;
  return (
    <figure class="series">
      <svg viewBox={`0 0 ${series.length} 100`} preserveAspectRatio="none" role="img"
        aria-label={`${count(total, "message")} over the time, at most ${most} in one of ${series.length} parts`}>
        {series.map(({ runs, completed }, at) => (
          <g key={at}>
            <rect class="all" x={at + 0.3} width={0.4} y={100 - (100 * runs) / most} height={(100 * runs) / most} />
            <rect class="done" x={at + 0.3} width={0.4} y={100 - (100 * completed) / most} height={(100 * completed) / most} />
          </g>
        ))}
      </svg>
      <figcaption class="meta">messages, and those that were answered</figcaption>
    </figure>
  );
}

function Tools({ stats: { tools } }: { stats: Stats }) {
  return (
    <div class="table-frame" tabIndex={0} role="group" aria-label="tools that were called most">
      <table>
        <thead><tr><th scope="col">tool</th><th scope="col" class="align-right">calls</th><th scope="col" class="align-right">worked</th><th scope="col" class="align-right">on average</th></tr></thead>
        <tbody>
          {tools.mostCalled.map(({ name, calls, successRate, meanMs }) => (
            <tr key={name}>
              <td><code>{visibleText(name ?? "")}</code></td>
              <td class="align-right">{calls.toLocaleString("en")}</td>
              <td class="align-right">{share(successRate)}</td>
              <td class="align-right">{meanMs === undefined ? "–" : duration(meanMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ModelTable({ stats: { usage } }: { stats: Stats }) {
  return (
    <div class="table-frame" tabIndex={0} role="group" aria-label="models that took most tokens">
      <table>
        <thead><tr><th scope="col">model</th><th scope="col" class="align-right">answers</th><th scope="col" class="align-right">tokens</th><th scope="col" class="align-right">cost</th></tr></thead>
        <tbody>
          {usage.models.map(({ model, answers, usage: taken }) => (
            <tr key={model}>
              <td><code>{visibleText(model)}</code></td>
              <td class="align-right">{answers.toLocaleString("en")}</td>
              <td class="align-right">{(taken.inputTokens + taken.outputTokens).toLocaleString("en")}</td>
              <td class="align-right">{dollars(taken) || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
