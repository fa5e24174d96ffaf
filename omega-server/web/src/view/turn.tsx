import { Markdown } from "../markdown";
import { piecesOf } from "../turns";
import type { Message, Run, ToolRun, Whoami } from "../types";
import { count, dollars, duration, shortfall } from "../words";
import { Avatar } from "./avatar";
import { CopyButton } from "./copy-button";
import { ToolCard } from "./tool-card";

/** A participant's message, as it was typed. */
export function UserTurn({ message, run, me }: { message: Message; run: Run | undefined; me: Whoami }) {
  const name = message.author?.displayName ?? "participant";
  const mine = message.author?.userId === me.userId;
  return (
    <article class="turn user" aria-label={`message of ${name}`}>
      <header class="turn-head">
        <Avatar name={name} hash={message.author?.gravatarHash ?? ""} />
        <h2 class="author">{name}{mine && <span class="meta"> you</span>}</h2>
        <Time at={message.createdAt} />
        {run?.status === "queued" && <span class="badge">waits for its turn</span>}
      </header>
      <div class="plain">{message.content}</div>
    </article>
  );
}

/** What Omega said and did in one run. */
export function AssistantTurn({ messages, toolRuns, partials, run }: {
  messages: Message[];
  toolRuns: ToolRun[];
  partials: Map<string, unknown>;
  run: Run | undefined;
}) {
  const answer = messages.map((message) => message.content).filter(Boolean).join("\n\n");
  const first = messages[0];
  return (
    <article class="turn assistant" aria-label="answer of Omega" aria-busy={run?.status === "running"}>
      <header class="turn-head">
        <span class="avatar omega" aria-hidden="true">Ω</span>
        <h2 class="author">omega</h2>
        {first && <Time at={first.createdAt} />}
        {run && <span class="meta">{run.model}</span>}
      </header>
      {messages.map((message) => <Pieces key={message.id} message={message} toolRuns={toolRuns} partials={partials} />)}
      {run?.status === "completed" && (
        <footer class="turn-foot">
          <span class="meta">{totals(run)}</span>
          {answer && <CopyButton text={answer} what="the answer" />}
        </footer>
      )}
    </article>
  );
}

function Pieces({ message, toolRuns, partials }: { message: Message; toolRuns: ToolRun[]; partials: Map<string, unknown> }) {
  const pieces = piecesOf(message, toolRuns);
  const streaming = message.status === "streaming";
  if (streaming && pieces.length === 0) return <p class="thinking"><span class="pulse" aria-hidden="true" /> thinking</p>;
  return (
    <div class={message.status === "discarded" ? "given-up" : undefined}>
      {pieces.map((piece, at) => {
        switch (piece.kind) {
          case "text":
            if (!piece.text) return null;
            // While it streams it is text and nothing else; it is read as Markdown when it is whole.
            return message.status === "complete"
              ? <Markdown key={piece.key} text={piece.text} />
              : <div key={piece.key} class={`plain${streaming && at === pieces.length - 1 ? " growing" : ""}`}>{piece.text}</div>;
          case "reasoning":
            return piece.text ? (
              <details key={piece.key} class="reasoning">
                <summary>{streaming && at === pieces.length - 1 ? "reasoning..." : "reasoning"}</summary>
                <div class="plain">{piece.text}</div>
              </details>
            ) : null;
          case "tool":
            return <ToolCard key={piece.key} toolRun={piece.toolRun} partial={partials.get(piece.toolRun.id)} />;
          case "call":
            return <p key={piece.key} class="meta">asks for {piece.name}</p>;
        }
      })}
      {shortfall(message.finishReason) && <p class="meta" role="note">{shortfall(message.finishReason)}</p>}
      {message.status === "discarded" && pieces.length > 0 && <p class="meta">this step was given up</p>}
    </div>
  );
}

/** A run that ended without an answer: why, and what to do next. */
export function RunEnd({ run, question, onAgain }: { run: Run; question: string; onAgain: (text: string) => void }) {
  const failed = run.status === "failed";
  return (
    <div class={`run-end${failed ? " failed" : ""}`}>
      <p>
        {failed ? <><strong>{run.error?.code ?? "FAILED"}</strong> {run.error?.error ?? "The run failed"}</> : run.startedAt ? "Cancelled. What was done before stays above" : "Cancelled before it began"}
      </p>
      {question && (!failed || run.error?.retryable) && (
        <button type="button" class="outline small" onClick={() => onAgain(question)}>send again</button>
      )}
    </div>
  );
}

function totals(run: Run): string {
  const words = [];
  if (run.startedAt && run.finishedAt) words.push(duration(Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt))));
  if (run.toolCalls > 0) words.push(count(run.toolCalls, "tool call"));
  const tokens = run.usage.inputTokens + run.usage.outputTokens;
  if (tokens > 0) words.push(count(tokens, "token"));
  const cost = dollars(run.usage);
  if (cost) words.push(run.paidBy === "owner" ? `${cost} on the owner's key` : cost);
  return words.join(" · ");
}

function Time({ at }: { at: string }) {
  const time = new Date(at);
  return <time class="meta" dateTime={at} title={time.toLocaleString()}>{time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}</time>;
}
