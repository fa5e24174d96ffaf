// The REST calls of the page. Every failure is an ApiError whose message is a sentence for people.

import { ROOT } from "./root";
import { heard } from "./server-clock";
import type { Accepted, Approval, Conversation, ConversationDetail, Feedback, GiveFeedback, Message, Models, OutputPage, Run, Selected, ServerStatus, Whoami } from "./types";

export const BASE = `${ROOT}/api/omega`;

/** Said when a request got no answer. */
export const UNANSWERED = "omega:unanswered";

/** A request that failed. `status` is 0 when no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** What the code brings along. */
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** The failure behind an answer that is not 2xx, in the server's own words where it gave any. */
export async function failure(response: Response): Promise<ApiError> {
  try {
    const body = await response.json();
    if (typeof body?.error === "string") {
      return new ApiError(response.status, String(body.details?.code ?? ""), body.error, body.details ?? {});
    }
  } catch {
    // Not ours (a proxy's page, say): the status has to do.
  }
  return new ApiError(response.status, "", `The server answered ${response.status}. Try again`);
}

/** A fetch whose failures are ApiErrors. */
export async function request(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(BASE + path, { credentials: "same-origin", redirect: "error", ...options });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    // Whoever shows how the server is looks again (`view/status-banner.tsx`).
    globalThis.dispatchEvent?.(new Event(UNANSWERED));
    throw new ApiError(
      0,
      "UNREACHABLE",
      navigator.onLine
        ? "The server does not answer. Check that it runs and try again"
        : "You are offline. Try again once you are back",
    );
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export async function data<T>(path: string, options?: RequestInit): Promise<T> {
  const response = await request(path, options);
  const body = await response.json();
  heard(body?.meta?.timestamp);
  return (body && body.success === true && "data" in body ? body.data : body) as T;
}

export const json = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method,
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/** POSTs that were sent and have no answer. */
const unanswered = new Map<string, { key: string; sending?: Promise<unknown> }>();

/**
 * A POST that is one, however often it is asked for until it has its answer: a second click waits for the first, and another
 * attempt after a lost connection or a busy server has the first one's Idempotency-Key.
 */
export function once<T>(path: string, body: unknown): Promise<T> {
  const what = `${path} ${JSON.stringify(body)}`;
  const attempt = unanswered.get(what) ?? { key: newKey() };
  unanswered.set(what, attempt);
  attempt.sending ??= data<T>(path, json("POST", body, { "Idempotency-Key": attempt.key })).then(
    (answer) => {
      unanswered.delete(what);
      return answer;
    },
    (error) => {
      if (mayHaveHappened(error)) delete attempt.sending;
      else unanswered.delete(what);
      throw error;
    },
  );
  return attempt.sending as Promise<T>;
}

/** Whether it is not known what came of a request, or it is not decided yet. */
function mayHaveHappened(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  const { status, code } = error;
  return status === 0 || status === 408 || status === 429 || status >= 500 || code === "IDEMPOTENCY_IN_PROGRESS";
}

export const whoami = () => data<Whoami>("/session");

/** Without `replace` the session of another user stays, and the server says `OTHER_SESSION`. */
export const signIn = (by: ({ apiKey: string } | { code: string }) & { replace?: true }) => request("/session", json("POST", by));

export const signOut = () => request("/session", json("DELETE", {}));

export const models = () => data<Models>("/models");

export const status = () => data<ServerStatus>("/status");

export const createConversation = (model?: string) => once<Conversation>("/conversations", model ? { model } : {});

/** The newest messages, or those before an event. */
export const conversation = (id: string, limit: number, before?: number) =>
  data<ConversationDetail>(
    `/conversations/${encodeURIComponent(id)}?limit=${limit}${before === undefined ? "" : `&before=${before}`}`,
  );

/** A copy of a conversation as one's own, up to the run of a message. */
export const forkConversation = (id: string, until: string) => once<Conversation>(`/conversations/${encodeURIComponent(id)}/fork`, { until });

/** Sends a message; the answer comes by the event stream. `key` makes a repetition harmless. */
export const sendMessage = (id: string, message: string, key: string, more: { model?: string | undefined; data?: string | undefined; replaces?: string | undefined } = {}) =>
  data<Accepted>(
    `/conversations/${encodeURIComponent(id)}/messages`,
    json("POST", { message, ...more }, { Prefer: "respond-async", "Idempotency-Key": key }),
  );

/** Stops one run; what waits behind it goes on. */
export const cancelRun = (runId: string) => request(`/runs/${encodeURIComponent(runId)}/cancel`, json("POST", {}));

/** Has the model asked again at once that did not answer. */
export const retryRun = (runId: string) => request(`/runs/${encodeURIComponent(runId)}/retry`, json("POST", {}));

/** Says what the reader thinks of a run's answer, in place of what they said before. */
export const giveFeedback = (runId: string, body: GiveFeedback) => data<Feedback>(`/runs/${encodeURIComponent(runId)}/feedback`, json("PUT", body));

export const removeFeedback = (runId: string) => request(`/runs/${encodeURIComponent(runId)}/feedback`, json("DELETE", {}));

/** Messages after an event, oldest first. */
export const messagesAfter = (id: string, after: number, limit: number, signal?: AbortSignal) =>
  data<Message[]>(`/conversations/${encodeURIComponent(id)}/messages?after=${after}&limit=${limit}`, signal && { signal });

/** Messages before an event, newest of them last. */
export const messagesBefore = (id: string, before: number, limit: number, signal?: AbortSignal) =>
  data<Message[]>(`/conversations/${encodeURIComponent(id)}/messages?before=${before}&limit=${limit}`, signal && { signal });

/** Stops one tool call; its run goes on. */
export const cancelTool = (toolRunId: string) => request(`/tool-runs/${encodeURIComponent(toolRunId)}/cancel`, json("POST", {}));

/** Allows or refuses a call; it holds for the input that was shown and no other. */
export const decide = (
  approval: Approval,
  body:
    | { decision: "approve"; remember: "once" | "plan" | "conversation" | "always"; input?: unknown }
    | { decision: "deny"; reason?: string },
) => once<Run>(`/approvals/${encodeURIComponent(approval.id)}`, { ...body, argsDigest: approval.argsDigest });

/** Gives a paused run the variables that it lacks, or lets it go on without. */
export const provideCredentials = (
  id: string,
  body: { env: Record<string, string>; save: "once" | "tool" | "global" } | { decline: true },
) => once<Run>(`/conversations/${encodeURIComponent(id)}/credentials`, body);

/** Selects a plan, or asks for other ones. */
export const selectPlan = (id: string, planId: string, body: { another?: true; note?: string }) =>
  once<Selected>(`/conversations/${encodeURIComponent(id)}/plans/${encodeURIComponent(planId)}/select`, body);

/** Chooses a tool in place of one that can't do it, or none. */
export const selectAlternative = (id: string, body: { toolRunId: string; toolId: string } | { toolRunId?: string; none: true }) =>
  once<Run>(`/conversations/${encodeURIComponent(id)}/alternatives`, body);

export const exportUrl = (id: string, format: "json" | "markdown") =>
  `${BASE}/conversations/${encodeURIComponent(id)}/export?format=${format}`;

/** A piece of a tool run's output, as JSON text. */
export const output = (toolRunId: string, offset: number, limit: number, signal?: AbortSignal) =>
  data<OutputPage>(`/tool-runs/${encodeURIComponent(toolRunId)}/output?offset=${offset}&limit=${limit}`, signal && { signal });

/** A new idempotency key. `crypto.randomUUID` needs a secure context, which a server on a LAN address is not. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
