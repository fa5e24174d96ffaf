import { Check } from "lucide";
import { selectAlternative } from "../api";
import type { AlternativeChoice } from "../types";
import { visibleText } from "../visible";
import { useAnswer } from "./use-answer";
import { Icon } from "./icon";

/** Tools that could do what others could not; one is chosen for each, or none. */
export function AlternativesTable({ id, choices }: { id: string; choices: AlternativeChoice[] }) {
  const { busy, error, answer } = useAnswer();
  return (
    <section class="asks" aria-label="tools to choose from">
      {choices.map((choice) => (
        <article key={choice.toolRunId} class="ask" aria-label={`instead of ${choice.toolId}`}>
          <header class="ask-head">
            <span class="badge warn">which tool instead?</span>
            <h2><code>{visibleText(choice.toolId)}</code></h2>
          </header>
          <p class="quiet wrap">{visibleText(choice.detail)}</p>
          <Offers id={id} choice={choice} busy={busy} answer={answer} />
          <div class="ask-buttons">
            <button type="button" class="outline" disabled={busy}
              onClick={() => answer(() => selectAlternative(id, { toolRunId: choice.toolRunId, none: true }))}>none of them</button>
          </div>
        </article>
      ))}
      <p class="error-text" role="alert">{error}</p>
    </section>
  );
}

interface Props {
  id: string;
  choice: AlternativeChoice;
  busy: boolean;
  answer: (send: () => Promise<unknown>) => Promise<void>;
}

/** The tools in a table, with the variables that each needs and those that are there. */
export function Offers({ id, choice, busy, answer }: Props) {
  return (
    <table>
      <caption class="visually-hidden">tools that could do it instead of {choice.toolId}</caption>
      <thead>
        <tr><th scope="col">tool</th><th scope="col">what it does</th><th scope="col">keys</th><th scope="col">choose</th></tr>
      </thead>
      <tbody>
        {choice.alternatives.map(({ toolId, version, why, requiredEnv, youHave }) => (
          <tr key={toolId}>
            <td><code>{visibleText(toolId)}</code> <span class="meta">{version}</span></td>
            <td>{visibleText(why)}</td>
            <td>
              {requiredEnv.length === 0 && <span class="meta">none needed</span>}
              {requiredEnv.map((name) => (
                <div key={name}><code>{name}</code> <span class="meta">{youHave.includes(name) ? <><Icon of={Check} size={14} /> there</> : "missing"}</span></div>
              ))}
            </td>
            <td>
              <button type="button" class="outline small" disabled={busy} aria-label={`use it: ${toolId}`}
                onClick={() => answer(() => selectAlternative(id, { toolRunId: choice.toolRunId, toolId }))}>use it</button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
