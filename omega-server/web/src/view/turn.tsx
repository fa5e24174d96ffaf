import { GitFork, History, KeyRound, Pencil, RefreshCw } from "lucide";
import { Fragment } from "preact";
import { Markdown } from "../markdown/markdown";
import { written } from "../message-data";
import { SETTINGS, stay } from "../route";
import { piecesOf, type Told, type ToldOfRun } from "../turns";
import type { Message, Run, ToolRun, Whoami } from "../types";
import { readableText, visibleText } from "../visible";
import type { Version } from "../versions";
import { bytes, clock, count, dollars, duration, shortfall } from "../words";
import { Answers } from "./answers";
import { Avatar } from "./avatar";
import { Feedback, Said } from "./feedback";
import { CopyButton } from "./copy-button";
import { AskAnother } from "./ask-another";
import { ToolCard } from "./tool-card";
import { RunRecord } from "./run-record";
import { Icon } from "./icon";

/** What can be done with a message; the same object for the life of the page. */
export interface TurnActions {
  /** Takes a message's text into the composer, to change it and send it as its newer version. */
  edit: (text: string, message: string) => void;
  /** Sends a question once more, by the model that is chosen now or by another one. */
  again: (text: string, message: string, model?: string) => void;
  /** Goes to a message, by its number. */
  goTo: (seq: number) => void;
  /** Goes on in a copy that ends with a message. */
  fork: (until: string) => void;
  /** Opens a call in the tool panel. */
  openTool: (id: string) => void;
}

/** A participant's message, as it was typed. */
export function UserTurn({ message, run, told, version, me, actions }: {
  message: Message;
  run: Run | undefined;
  told: Told[];
  version: Version | undefined;
  me: Whoami;
  actions: TurnActions;
}) {
  const name = message.author?.displayName ?? "participant";
  const mine = message.author?.userId === me.userId;
  const { words, data } = written(message.content);
  return (
    <article class="turn user" aria-label={`message of ${visibleText(name)}`} data-seq={message.seq}>
      <header class="turn-head">
        <Avatar name={name} hash={message.author?.gravatarHash ?? ""} />
        <h2 class="author">{visibleText(name)}{mine && <span class="meta"> you</span>}</h2>
        <Time at={message.createdAt} />
        <VersionMark version={version} actions={actions} />
        {run?.status === "queued" && <span class="badge">waits for its turn</span>}
        <span class="turn-actions">
          <CopyButton text={message.content} what="the message" isBare />
          <button type="button" class="ghost small" aria-label="edit the message and send it again" title="edit the message and send it again" onClick={() => actions.edit(message.content, message.id)}><Icon of={Pencil} size={14} /></button>
        </span>
      </header>
      {words && <div class="plain">{readableText(words)}</div>}
      {data && (
        <details class="reasoning">
          <summary>data · {bytes(data.bytes)}</summary>
          <pre tabIndex={0} class="wrap-text">{visibleText(data.shown)}</pre>
        </details>
      )}
      <Answers told={told} toolRuns={[]} onTool={actions.openTool} />
    </article>
  );
}

/** What Omega said and did in one run. */
export function AssistantTurn({ messages, toolRuns, partials, told, run, question, me, actions }: {
  messages: Message[];
  toolRuns: ToolRun[];
  partials: Map<string, unknown>;
  told: ToldOfRun;
  run: Run | undefined;
  question: string;
  me: Whoami;
  actions: TurnActions;
}) {
  const answer = messages.map((message) => message.content).filter(Boolean).join("\n\n");
  const first = messages[0];
  // A run that failed before it said anything is told by its end alone.
  if (run?.status === "failed" && toolRuns.length === 0 && messages.every((message) => message.parts.length === 0)) return null;
  const restarted = run?.status === "running" && messages.some((message) => message.status === "discarded");
  return (
    <article class="turn assistant" aria-label="answer of Omega" aria-busy={run?.status === "running"} data-seq={first?.seq}>
      <header class="turn-head">
        <span class="avatar omega" aria-hidden="true">Ω</span>
        <h2 class="author">omega</h2>
        {first && <Time at={first.createdAt} />}
        {run && <span class="meta">{run.model}</span>}
      </header>
      {run && <RunRecord run={run} />}
      <Answers told={told.before} toolRuns={toolRuns} onTool={actions.openTool} />
      {messages.map((message) => (
        <Fragment key={message.id}>
          <Pieces message={message} toolRuns={toolRuns} partials={partials} actions={actions} />
          <Answers told={told.behind.get(message.id) ?? []} toolRuns={toolRuns} onTool={actions.openTool} />
        </Fragment>
      ))}
      {restarted && <p class="meta" role="status">begun again</p>}
      {run?.status === "completed" && (
        <Said feedback={run.feedback ?? []} />
      )}
      {run?.status === "completed" && (
        <footer class="turn-foot">
          <span class="meta">{totals(run)}</span>
          <Feedback run={run} me={me} />
          <span class="turn-actions">
            {answer && <CopyButton text={answer} what="the answer as Markdown" isBare />}
            {question && run && <button type="button" class="ghost small" aria-label="ask again, by the model chosen below" title="ask again, by the model chosen below" onClick={() => actions.again(question, run.messageId)}><Icon of={RefreshCw} size={14} /></button>}
            {first && <button type="button" class="ghost small" aria-label="go on in a copy that ends here" title="go on in a copy that ends here" onClick={() => actions.fork(first.id)}><Icon of={GitFork} size={14} /></button>}
            {question && run && <AskAnother model={run.model} onAsk={(model) => actions.again(question, run.messageId, model)} />}
          </span>
        </footer>
      )}
    </article>
  );
}

function Pieces({ message, toolRuns, partials, actions }: { message: Message; toolRuns: ToolRun[]; partials: Map<string, unknown>; actions: TurnActions }) {
  const pieces = piecesOf(message, toolRuns);
  const streaming = message.status === "streaming";
  if (streaming && pieces.length === 0) return <p class="thinking"><span class="pulse" aria-hidden="true" /> thinking</p>;
  return (
    <div class={message.status === "discarded" ? "given-up" : undefined}>
      {pieces.map((piece, at) => {
        switch (piece.kind) {
          case "text":
            return piece.text ? <Markdown key={piece.key} text={piece.text} streaming={streaming && at === pieces.length - 1} /> : null;
          case "reasoning":
            return piece.text ? (
              <details key={piece.key} class="reasoning">
                <summary>{streaming && at === pieces.length - 1 ? "reasoning..." : "reasoning"}</summary>
                <div class="plain">{readableText(piece.text)}</div>
              </details>
            ) : null;
          case "tool":
            return <ToolCard key={piece.key} toolRun={piece.toolRun} partial={partials.get(piece.toolRun.id)} onPanel={actions.openTool} />;
          case "call":
            return <p key={piece.key} class="meta">asks for {visibleText(piece.name)}</p>;
        }
      })}
      {shortfall(message.finishReason) && <p class="meta" role="note">{shortfall(message.finishReason)}</p>}
      {message.status === "discarded" && pieces.length > 0 && <p class="meta">this step was given up</p>}
    </div>
  );
}

/** A run that ended without an answer: why, and what to do next. */
export function RunEnd({ run, question, actions }: { run: Run; question: string; actions: TurnActions }) {
  const failed = run.status === "failed";
  return (
    <div class={`run-end${failed ? " failed" : ""}`}>
      <p>
        {failed ? <><strong>{run.error?.code ?? "FAILED"}</strong> {readableText(run.error?.error ?? "The run failed")}</> : run.startedAt ? "Cancelled. What was done before stays above" : "Cancelled before it began"}
      </p>
      {question && (
        <span class="turn-actions shown">
          {run.error?.code === "PROVIDER_AUTH" && <a class="button ghost small" href={`${SETTINGS}#providers`} onClick={stay(`${SETTINGS}#providers`)}>provider keys <Icon of={KeyRound} size={14} /></a>}
          <button type="button" class="ghost small" onClick={() => actions.edit(question, run.messageId)}>edit <Icon of={Pencil} size={14} /></button>
          <button type="button" class="outline small" onClick={() => actions.again(question, run.messageId)}>send again <Icon of={RefreshCw} size={14} /></button>
        </span>
      )}
    </div>
  );
}

/** That a question is a newer version, and the way to the one before it. */
function VersionMark({ version, actions }: { version: Version | undefined; actions: TurnActions }) {
  if (!version) return null;
  const { number, before } = version;
  const words = number ? `version ${number}` : "newer version";
  if (before === undefined) return <span class="meta">{words}</span>;
  return <button type="button" class="ghost small" title="show the earlier version" onClick={() => actions.goTo(before)}>{words} <Icon of={History} size={14} /></button>;
}

function totals(run: Run): string {
  const words = [];
  if (run.startedAt && run.finishedAt) words.push(duration(Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt))));
  if (run.toolCalls > 0) words.push(count(run.toolCalls, "tool call"));
  const { inputTokens, outputTokens } = run.usage;
  if (inputTokens + outputTokens > 0) words.push(`${inputTokens.toLocaleString("en")} in, ${count(outputTokens, "token")} out`);
  const cost = dollars(run.usage);
  if (cost) words.push(run.paidBy === "owner" ? `${cost} on the owner's key` : cost);
  return words.join(" · ");
}

function Time({ at }: { at: string }) {
  return <time class="meta" dateTime={at} title={new Date(at).toLocaleString()}>{clock(at)}</time>;
}
