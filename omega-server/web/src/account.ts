// What belongs to the signed-in user, and what a conversation's owner decides: settings, credentials, grants, lasting
// approvals, API keys, sharing. Every failure is an ApiError whose message is a sentence for people.

import { ApiError, BASE, data, failure, json, once, request } from "./api";
import { ROOT } from "./root";
import type {
  ApiKey,
  AuditEntry,
  AuditReport,
  Conversation,
  CreatedKey,
  ExecuteAnswer,
  GuestCredentials,
  Participant,
  PromptSettings,
  Settings,
  Stats,
  StoredApproval,
  StoredCredential,
  StoredGrant,
  Tool,
  User,
  Visibility,
  Whoami,
} from "./types";

const part = encodeURIComponent;
const ofTool = (toolId: string | undefined) => (toolId === undefined ? "" : `?toolId=${part(toolId)}`);

export interface Versioned {
  settings: Settings;
  version: string;
}

export async function settings(): Promise<Versioned> {
  const response = await request("/settings");
  const version = response.headers.get("ETag") ?? "*";
  return { settings: ((await response.json()) as { data: Settings }).data, version };
}

/** Changes the settings; once more when somebody else changed them meanwhile, to what they left. */
export async function changeSettings(make: (settings: Settings) => Settings): Promise<Versioned> {
  for (let again = true; ; again = false) {
    const { settings: now, version } = await settings();
    try {
      const response = await request("/settings", json("PUT", make(now), { "If-Match": version }));
      return {
        settings: ((await response.json()) as { data: Settings }).data,
        version: response.headers.get("ETag") ?? "*",
      };
    } catch (error) {
      const conflict = error instanceof ApiError && error.status === 412;
      if (!conflict) throw error;
      if (!again) throw new ApiError(412, error.code, "The settings were changed elsewhere at the same time. Try again");
    }
  }
}

/** What new runs get as their system prompt. */
export const prompt = () => data<PromptSettings>("/settings/prompt");

export const credentials = () => data<StoredCredential[]>("/settings/credentials");

export const putCredential = (name: string, value: string, toolId?: string) =>
  data<StoredCredential>(`/settings/credentials/${part(name)}`, json("PUT", { value, ...(toolId && { toolId }) }));

export const deleteCredential = ({ name, toolId, scope }: Pick<StoredCredential, "name" | "toolId" | "scope">) =>
  request(`/settings/credentials/${part(name)}?${new URLSearchParams({ scope, ...(toolId && { toolId }) })}`, { method: "DELETE" });

export const grants = () => data<StoredGrant[]>("/settings/grants");

export const revokeGrant = (name: string, toolId: string) =>
  request(`/settings/grants/${part(name)}${ofTool(toolId)}`, { method: "DELETE" });

export const approvals = () => data<StoredApproval[]>("/settings/approvals");

export const revokeApproval = (id: string) => request(`/settings/approvals/${part(id)}`, { method: "DELETE" });

export const apiKeys = () => data<ApiKey[]>("/keys");

/** A new key; the only time that it is shown. */
export const createApiKey = (name: string) => data<CreatedKey>("/keys", json("POST", { name }));

export const revokeApiKey = (id: string) => request(`/keys/${part(id)}`, { method: "DELETE" });

/** How others see the user; what is missing stays. */
export const updateProfile = (body: { displayName?: string; email?: string }) => data<Whoami>("/profile", json("PUT", body));

/** The server's users, for its administrators. */
export const users = () => data<User[]>("/users");

/** A new user with a first key; the only time that it is shown. */
export const createUser = (name: string) => data<{ user: User; key: CreatedKey }>("/users", json("POST", { name }));

export const disableUser = (id: string) => request(`/users/${part(id)}`, { method: "DELETE" });

/** How it went from a time on: everybody's for administrators, else one's own. */
export const stats = (since: Date) => data<Stats>(`/stats?${new URLSearchParams({ since: since.toISOString() })}`);

/** The newest of what the server recorded that the user may see. */
export const audit = () => data<AuditEntry[]>("/audit?limit=50");

/** Checks the record's hash chains; for administrators. */
export const verifyAudit = () => data<AuditReport>("/audit/verify");

export const updateConversation = (
  id: string,
  body: { title?: string; model?: string; visibility?: Visibility; guestCredentials?: GuestCredentials; safeMode?: boolean },
) => data<Conversation>(`/conversations/${part(id)}`, json("PATCH", body));

/** Replaces the link; whoever joined by the one before is out. */
export const rotateLink = (id: string) =>
  once<Conversation>(`/conversations/${part(id)}/link`, {});

export const setBlocked = (id: string, userId: string, blocked: boolean) =>
  data<Participant>(`/conversations/${part(id)}/participants/${part(userId)}`, json("PUT", { blocked }));

/** The picture of an e-mail's hash, through the server: no request leaves this origin. */
export const avatarUrl = (hash: string) => `${BASE}/avatars/${part(hash)}`;

/** What the registry has of a tool; rejects with the server's words when it has none. */
export async function toolOf(toolId: string): Promise<Tool> {
  const response = await fetch(`${ROOT}/api/tools/${part(toolId)}`, { credentials: "same-origin" });
  if (!response.ok) throw await failure(response);
  return ((await response.json()) as { data: Tool }).data;
}

/** Runs a tool now, apart from any conversation. */
export async function runTool(toolId: string, params: unknown): Promise<ExecuteAnswer> {
  const response = await fetch(`${ROOT}/api/registry/execute`, { credentials: "same-origin", ...json("POST", { toolId, params }) });
  const body: unknown = await response.json().catch(() => null);
  // A tool that failed is an answer as well.
  if (typeof body === "object" && body !== null && "executionTimeMs" in body) return body as ExecuteAnswer;
  throw new ApiError(response.status, "", typeof (body as { error?: unknown } | null)?.error === "string" ? (body as { error: string }).error : "The server did not run it. Try again");
}

/** The tools that a search finds, best first. */
export async function searchTools(words: string, limit: number): Promise<Tool[]> {
  const response = await fetch(`${ROOT}/api/tools/search?${new URLSearchParams({ q: words, limit: String(limit) })}`, { credentials: "same-origin" });
  if (!response.ok) throw await failure(response);
  return ((await response.json()) as { results: { tools: Tool[] } }).results.tools;
}
