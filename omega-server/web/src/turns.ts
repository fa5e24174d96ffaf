// Who speaks when: the view's flat lists as the turns a reader sees. One turn is a participant's message, or what Omega
// said and did in one run without a break.

import type { View } from "./state";
import type { Answer, Message, Run, ToolRun } from "./types";
import { replacedOf, versionsOf, type Version } from "./versions";

/** A run that ended without an answer, and the message to send again. */
export interface Ended {
  run: Run;
  question: string;
}

/** What a person answered, and by which name they are known here. */
export interface Told {
  answer: Answer;
  name: string;
}

/** The answers to a run, each by what was said last before it; what came before everything is under the first. */
export interface ToldOfRun {
  before: Told[];
  behind: Map<string, Told[]>;
}

export type Turn = {
  key: string;
  ended?: Ended | undefined;
  /** A newer version of the question took its place. */
  replaced: boolean;
} & (
  | {
      kind: "user";
      message: Message;
      run: Run | undefined;
      /** Answers to a run that said nothing. */
      told: Told[];
      /** Of a question that is a newer version of another one. */
      version: Version | undefined;
    }
  | {
      kind: "assistant";
      messages: Message[];
      toolRuns: ToolRun[];
      partials: Map<string, unknown>;
      told: ToldOfRun;
      run: Run | undefined;
      /** The message that it answers, where that is among those loaded. */
      question: string;
    }
);

export function turnsOf(view: View): Turn[] {
  const runs = new Map(view.runs.map((run) => [run.id, run]));
  const partials = new Map(view.partials.map(([id, , chunk]) => [id, chunk]));
  const tools = new Map<string, ToolRun[]>();
  for (const toolRun of view.toolRuns) {
    const list = tools.get(toolRun.messageId);
    if (list) list.push(toolRun);
    else tools.set(toolRun.messageId, [toolRun]);
  }
  const questions = new Map(view.messages.flatMap(({ id, role, content }) => (role === "user" ? [[id, content] as const] : [])));
  const toldOf = toldOfRuns(view);
  const [replaced, versions] = [replacedOf(view.messages), versionsOf(view.messages)];
  const turns: Turn[] = [];
  const lastOfRun = new Map<string, Turn>();
  for (const message of inTurn(view.messages, runs)) {
    const run = message.runId ? runs.get(message.runId) : undefined;
    const before = turns.at(-1);
    let turn: Turn;
    if (message.role === "user") {
      const told = toldOf.get(run?.id ?? "");
      turn = { kind: "user", key: message.id, message, run, told: told?.behind.size === 0 ? told.before : [], replaced: replaced.has(message.id), version: versions.get(message.id) };
      turns.push(turn);
    } else if (before?.kind === "assistant" && before.run?.id === run?.id && before.messages[0]?.runId === message.runId) {
      turn = before;
      before.messages.push(message);
      before.toolRuns.push(...(tools.get(message.id) ?? []));
    } else {
      const question = questions.get(run?.messageId ?? "") ?? "";
      turn = { kind: "assistant", key: message.id, messages: [message], toolRuns: [...(tools.get(message.id) ?? [])], partials, told: toldOf.get(run?.id ?? "") ?? NOTHING, run, question, replaced: replaced.has(run?.messageId ?? "") };
      turns.push(turn);
    }
    if (message.runId) lastOfRun.set(message.runId, turn);
  }
  for (const run of view.runs) {
    const turn = lastOfRun.get(run.id);
    if (turn && (run.status === "failed" || run.status === "cancelled")) {
      turn.ended = { run, question: questions.get(run.messageId) ?? "" };
    }
  }
  return turns;
}

const NOTHING: ToldOfRun = { before: [], behind: new Map() };

/** The answers to runs that have some. In `behind` each message of the run has its list, so none means that it said nothing. */
function toldOfRuns(view: View): Map<string, ToldOfRun> {
  const names = new Map(view.participants.map(({ userId, displayName }) => [userId, displayName]));
  const all = new Map<string, ToldOfRun>();
  for (const { id, answers } of view.runs) {
    if (!answers || answers.length === 0) continue;
    const messages = view.messages.filter(({ role, runId }) => role === "assistant" && runId === id);
    const of: ToldOfRun = { before: [], behind: new Map(messages.map((message) => [message.id, []])) };
    for (const answer of answers) {
      const last = messages.findLast(({ createdAt }) => createdAt <= answer.at);
      const list = (last && of.behind.get(last.id)) ?? of.before;
      list.push({ answer, name: names.get(answer.by) ?? "somebody" });
    }
    all.set(id, of);
  }
  return all;
}

/** A message that waited stands before its answer, and not where it was sent, in the middle of another one. */
function inTurn(messages: Message[], runs: Map<string, Run>): Message[] {
  const answered = new Set(messages.flatMap(({ role, runId }) => (role === "assistant" && runId ? [runId] : [])));
  const isOpen = (id: string) => ["queued", "running", "paused"].includes(runs.get(id)?.status ?? "");
  const waiting = new Map<string, Message>();
  const ordered: Message[] = [];
  for (const message of messages) {
    const { role, runId } = message;
    if (role === "user" && runId && (answered.has(runId) || isOpen(runId))) {
      waiting.set(runId, message);
      continue;
    }
    const question = runId ? waiting.get(runId) : undefined;
    if (question && runId) {
      ordered.push(question);
      waiting.delete(runId);
    }
    ordered.push(message);
  }
  return [...ordered, ...waiting.values()];
}

/** Turns that stand one behind the other and have newer versions, each with the key of the first of them and how many questions. */
export function foldsOf(turns: readonly Turn[]): Map<Turn, { key: string; isFirst: boolean; questions: number; words: string }> {
  const folds = new Map<Turn, { key: string; isFirst: boolean; questions: number; words: string }>();
  let first: { key: string; isFirst: boolean; questions: number; words: string } | undefined;
  for (const turn of turns) {
    if (!turn.replaced) {
      first = undefined;
      continue;
    }
    const words = turn.kind === "user" ? turn.message.content : turn.question;
    const isNew = !first;
    first ??= { key: turn.key, isFirst: true, questions: 0, words };
    if (turn.kind === "user") first.questions += 1;
    folds.set(turn, isNew ? first : { ...first, isFirst: false });
  }
  return folds;
}

/** Whether a message is one of a turn's. */
export const hasMessage = (turn: Turn, seq: number): boolean =>
  turn.kind === "user" ? turn.message.seq === seq : turn.messages.some((message) => message.seq === seq);

/** Whether two turns look the same, so that a token in one does not draw a thousand others again. */
export function sameTurn(a: Turn, b: Turn): boolean {
  if (a.key !== b.key || a.replaced !== b.replaced || a.run !== b.run || a.ended?.run !== b.ended?.run) return false;
  if (a.kind === "user") return b.kind === "user" && a.message === b.message && a.version?.number === b.version?.number && a.version?.before === b.version?.before;
  return (
    b.kind === "assistant" &&
    a.question === b.question &&
    sameList(a.messages, b.messages) &&
    sameList(a.toolRuns, b.toolRuns) &&
    a.toolRuns.every(({ id }) => a.partials.get(id) === b.partials.get(id))
  );
}

const sameList = <T>(a: T[], b: T[]) => a.length === b.length && a.every((item, at) => item === b[at]);

/** What one assistant message shows, in order: its parts, and the calls whose parts have not come yet. */
export type Piece =
  | { kind: "text" | "reasoning"; text: string; key: string }
  | { kind: "tool"; toolRun: ToolRun; key: string }
  | { kind: "call"; name: string; key: string };

export function piecesOf(message: Message, toolRuns: ToolRun[]): Piece[] {
  const own = toolRuns.filter((toolRun) => toolRun.messageId === message.id);
  const placed = new Set<string>();
  const pieces: Piece[] = message.parts.map((part, at): Piece => {
    const key = `${message.id}.${at}`;
    if (part.type !== "tool-call") return { kind: part.type, text: part.text, key };
    const toolRun = own.find((run) => run.toolCallId === part.toolCallId && !placed.has(run.id));
    if (!toolRun) return { kind: "call", name: part.toolName, key };
    placed.add(toolRun.id);
    return { kind: "tool", toolRun, key: toolRun.id };
  });
  for (const toolRun of own) {
    if (!placed.has(toolRun.id)) pieces.push({ kind: "tool", toolRun, key: toolRun.id });
  }
  return pieces;
}
