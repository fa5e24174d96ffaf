import { selectAlternative } from "../api";
import type { AlternativeChoice } from "../types";
import { useAnswer } from "./use-answer";

/** Tools that could do what others could not, with the variables that each needs; one is chosen for each, or none. */
export function AlternativesTable({ id, choices }: { id: string; choices: AlternativeChoice[] }) {
  const { busy, error, answer } = useAnswer();
  return (
    <section class="asks" aria-label="tools to choose from">
      {choices.map(({ toolRunId, toolId, detail, alternatives }) => (
        <article key={toolRunId} class="ask" aria-label={`instead of ${toolId}`}>
          <header class="ask-head">
            <span class="badge warn">which tool instead?</span>
            <code>{toolId}</code>
          </header>
          <p class="quiet">{detail}</p>
          <table>
            <thead><tr><th>tool</th><th>what it does</th><th>keys</th><th /></tr></thead>
            <tbody>
              {alternatives.map((it) => (
                <tr key={it.toolId}>
                  <td><code>{it.toolId}</code></td>
                  <td>{it.why}</td>
                  <td>{it.requiredEnv.map((name) => `${name}${it.youHave.includes(name) ? " (there)" : ""}`).join(", ") || "none"}</td>
                  <td>
                    <button type="button" class="outline small" disabled={busy}
                      onClick={() => answer(() => selectAlternative(id, { toolRunId, toolId: it.toolId }))}>use it</button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <div class="ask-buttons">
            <button type="button" class="ghost small" disabled={busy}
              onClick={() => answer(() => selectAlternative(id, { toolRunId, none: true }))}>none of them</button>
          </div>
        </article>
      ))}
      <p class="error-text" role="alert">{error}</p>
    </section>
  );
}
