// The API as it is on the wire: omega-core/src/api and omega-core/src/event.rs. Only what the page reads.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  /** Millionths of a US dollar. */
  costMicros: number;
  /** Tokens of models whose price is not known. */
  unpricedTokens: number;
}

export type GuestCredentials = "approve" | "allow" | "deny";

export interface CustomPrompt {
  mode: "extend" | "override";
  text: string;
}

/** A prompt as runs had it. */
export interface StoredPrompt {
  version: string;
  sha256: string;
  body: string;
  createdAt?: string;
}

export interface PromptSettings extends CustomPrompt {
  effective: StoredPrompt;
  default: StoredPrompt;
}

export type ApprovalReason =
  | "safe_mode"
  | "guest_credentials"
  | "first_use"
  | "unknown_outcome"
  | "destructive"
  | "exfil_guard"
  | "needs_approval";

/** A yes that lasts. */
export interface StoredApproval {
  id: string;
  toolId: string;
  reason: ApprovalReason;
  /** Missing for all conversations. */
  conversationId?: string;
  maxMajor?: number;
  by: string;
  createdAt: string;
}

export type ExecutionState = "idle" | "running" | "paused";

export interface Conversation {
  id: string;
  title: string | null;
  model: string;
  /** Missing when the owner's setting decides. */
  safeMode?: boolean;
  /** What guests' messages may do with the owner's credentials. */
  guestCredentials: GuestCredentials;
  executionState: ExecutionState;
  url: string;
  visibility: Visibility;
  createdAt: string;
  updatedAt: string;
}

export type Visibility = "link" | "private";

export interface Participant {
  userId: string;
  role: string;
  displayName: string;
  gravatarHash: string;
  blocked?: boolean;
}

export interface Author {
  userId: string;
  displayName: string;
  gravatarHash: string;
}

export interface TextPart {
  type: "text" | "reasoning";
  text: string;
}

export interface ToolCallPart {
  type: "tool-call";
  toolCallId: string;
  toolName: string;
  arguments: string;
}

export type Part = TextPart | ToolCallPart;

export interface Message {
  id: string;
  seq: number;
  runId: string | null;
  step?: number;
  role: "user" | "assistant";
  status: "streaming" | "complete" | "discarded";
  content: string;
  parts: Part[];
  author?: Author;
  finishReason?: FinishReason;
  createdAt: string;
}

/** Why a model stopped; a later version may know others. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "refusal" | "error" | "other" | string;

export type ToolRunStatus =
  | "proposed"
  | "awaiting_credentials"
  | "awaiting_approval"
  | "started"
  | "succeeded"
  | "failed"
  | "timed_out"
  | "cancelled"
  | "skipped"
  | "denied"
  | "unknown";

export interface ToolError {
  code: string;
  message: string;
  details?: Json;
}

export interface ToolRun {
  id: string;
  runId: string;
  messageId: string;
  toolCallId: string;
  toolId: string;
  toolName: string;
  version: string;
  status: ToolRunStatus;
  input: Json;
  output?: Json;
  outputSummary: string;
  outputBytes: number;
  truncated: boolean;
  durationMs?: number;
  error?: ToolError;
  createdAt: string;
}

export type RunStatus = "queued" | "running" | "paused" | "completed" | "failed" | "cancelled";

export interface RunError {
  code: string;
  error: string;
  retryable: boolean;
}

export interface MissingVar {
  name: string;
  description: string;
  /** There was a value, and the tool's service refused it. */
  rejected?: boolean;
}

export interface CredentialRequest {
  id: string;
  /** Missing where a plan's tools ask before its first step. */
  toolRunId?: string;
  toolId: string;
  requiredKeys: MissingVar[];
  missingKeys: MissingVar[];
}

export interface Approval {
  id: string;
  toolRunId: string;
  toolId: string;
  toolName: string;
  version: string;
  reason: ApprovalReason;
  /** What gave the reason. */
  because?: string;
  /** Only the owner may decide. */
  ownerOnly?: boolean;
  input: Json;
  credentials?: string[];
  argsDigest: string;
}

export interface PlanStep {
  stepNumber: number;
  toolName: string;
  purpose: string;
  expectedOutput: string;
  /** Missing for a meta-tool. */
  toolId?: string;
  version?: string;
  missingEnv?: string[];
}

export interface PlanVar {
  name: string;
  description: string;
  toolIds: string[];
}

export interface Plan {
  id: string;
  steps: PlanStep[];
  confidence: number;
  reasoning: string;
  missingVars?: PlanVar[];
  pins?: string[];
}

export type StepStatus = "pending" | "running" | "done" | "failed" | "skipped";

export interface StepProgress extends PlanStep {
  status: StepStatus;
  calls?: { toolRunId: string; status: StepStatus }[];
  /** The tool that a person chose in place of the step's own. */
  replacedBy?: string;
}

/** The plan that a run follows, and how far it is. */
export interface RunPlan {
  planId: string;
  steps: StepProgress[];
}

export type AlternativesReason =
  | "missing_credentials"
  | "rejected_credentials"
  | "unavailable"
  | "breaker_open"
  | "keeps_failing";

export interface Alternative {
  toolId: string;
  toolName: string;
  version: string;
  why: string;
  requiredEnv: string[];
  /** Empty for everybody but the conversation's owner. */
  youHave: string[];
}

/** A call that came to nothing, and what could be called instead. */
export interface AlternativeChoice {
  toolRunId: string;
  toolId: string;
  toolName: string;
  reason: AlternativesReason;
  detail: string;
  alternatives: Alternative[];
}

/** What a paused run waits for. */
export type RequiredAction =
  | {
      kind: "credentials";
      missingVars: MissingVar[];
      requests: CredentialRequest[];
      hint: string;
      alternatives?: AlternativeChoice[];
      expiresAt: string;
    }
  | { kind: "approval"; approvals: Approval[]; expiresAt: string }
  | { kind: "plan"; planSetId: string; plans: Plan[]; expiresAt: string }
  | { kind: "alternatives"; choices: AlternativeChoice[]; expiresAt: string };

export interface Run {
  id: string;
  conversationId: string;
  messageId: string;
  status: RunStatus;
  model: string;
  paidBy?: "server" | "owner";
  promptVersion?: string;
  steps: number;
  toolCalls: number;
  usage: Usage;
  requiresAction?: RequiredAction;
  plan?: RunPlan;
  error?: RunError;
  finishReason?: FinishReason;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
}

export interface ConversationDetail extends Conversation {
  isOwner: boolean;
  participants: Participant[];
  messages: Message[];
  toolRuns: ToolRun[];
  runs: Run[];
  messageCount: number;
  toolRunCount: number;
  usage: Usage;
  lastSeq: number;
}

export interface Settings {
  model?: string;
  safeMode?: boolean;
  pins: string[];
  prompt?: CustomPrompt;
  credentialFirstUse?: "ask" | "allow";
  guestCredentials?: GuestCredentials;
  guestModels?: string[];
  exfilGuard?: boolean;
  confirmDestructive?: boolean;
  plan?: "auto" | "always" | "never";
  alternatives?: "ask" | "auto";
}

export interface StoredCredential {
  name: string;
  scope: "global" | "tool" | "model";
  toolId?: string;
  last4?: string;
  keptIn: "vault" | "keyring";
  createdAt: string;
  updatedAt: string;
  lastUsedAt: string | null;
}

export interface StoredGrant {
  name: string;
  toolId: string;
  publisher: string;
  maxMajor?: number;
  source: string;
  grantedAt: string;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  createdAt: string;
  lastUsedAt: string | null;
}

export interface CreatedKey extends ApiKey {
  key: string;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor?: string;
  action: string;
  objectType: string;
  objectId?: string;
  outcome: string;
  detail?: Record<string, unknown>;
}

export interface AuditReport {
  ok: boolean;
  checked: number;
  chains: { chain: string; n: number; hash: string; broken?: { n: number; message: string } }[];
}

export interface User {
  id: string;
  displayName: string;
  gravatarHash: string;
  isAdmin: boolean;
  createdAt: string;
  disabledAt?: string;
}

export interface Whoami {
  userId: string;
  displayName: string;
  gravatarHash: string;
  via: string;
  isAdmin?: boolean;
}

export interface Models {
  default: string;
  defaultReason: string;
  providers: { name: string; available: boolean; reason?: string; models: string[] }[];
}

export interface ServerStatus {
  status: string;
  version: string;
  registry: { status: string; tools: number; packages: number; detail?: string };
  executor: { status: string; detail: string };
  breakers?: { kind: string; subject: string; until: string }[];
  database: string;
  activeRuns: number;
  uptimeSeconds: number;
}

export interface OutputPage {
  toolRunId: string;
  offset: number;
  content: string;
  totalBytes: number;
  nextOffset?: number | null;
}

export interface Accepted {
  runId: string;
  messageId: string;
  seq: number;
}

interface Delta {
  messageId: string;
  part: number;
  offset: number;
  content: string;
}

type Payload =
  | { type: "conversation.updated"; title?: string; model?: string; safeMode?: boolean; guestCredentials?: GuestCredentials; visibility?: Visibility; url?: string }
  | ({ type: "participant.joined" } & Participant)
  | { type: "participant.updated"; userId: string; blocked: boolean }
  | { type: "message.created" | "message.completed"; message: Message }
  | ({ type: "message.delta" } & Delta)
  | ({ type: "reasoning.delta" } & Delta)
  | { type: "message.reset"; messageId: string; step: number }
  | { type: "run.queued"; run: Run; position: number }
  | { type: "run.started"; attempt: number; model: string; promptVersion: string }
  | { type: "run.resumed" | "run.recovered"; attempt: number }
  | { type: "plan.proposed"; planSetId: string; plans: Plan[] }
  | { type: "plan.selected"; planSetId: string; planId?: string; plan?: Plan; by: string }
  | ({ type: "alternatives.proposed" } & AlternativeChoice)
  | { type: "alternatives.selected"; toolRunId: string; toolId?: string; by: string }
  | ({ type: "run.requires_action" } & RequiredAction)
  | { type: "credentials.provided"; names: string[]; save: string; declined?: boolean; by: string }
  | {
      type: "approval.decided";
      approvalId: string;
      toolRunId: string;
      decision: "approve" | "deny";
      remember: string;
      reason?: string;
      input?: Json;
      by: string;
    }
  | { type: "status"; phase: string; message: string }
  | { type: "run.step.started"; stepIndex: number; messageId: string }
  | { type: "run.step.completed"; stepIndex: number; usage: Usage; runUsage?: Usage; finishReason: string | null }
  | { type: "tools.loaded"; newTools: string[]; totalDynamicTools: number }
  | {
      type: "run.step.tool.proposed";
      toolRunId: string;
      messageId: string;
      toolCallId: string;
      toolId: string;
      toolName: string;
      version: string;
      input: Json;
    }
  | {
      type: "run.step.tool.started";
      toolRunId: string;
      toolCallId: string;
      toolName: string;
      version: string;
      input: Json;
      credentialsUsed: string[];
    }
  | { type: "run.step.tool.delta"; toolRunId: string; offset: number; chunk: Json }
  | {
      type: "run.step.tool.completed";
      toolRunId: string;
      toolCallId: string;
      toolName: string;
      version: string;
      status: ToolRunStatus;
      output?: Json;
      outputSummary: string;
      outputBytes: number;
      truncated: boolean;
      durationMs: number;
      isError: boolean;
      error?: ToolError;
    }
  | { type: "run.step.tool.unknown"; toolRunId: string; toolCallId: string; error?: ToolError }
  | { type: "run.cancel_requested" }
  | { type: "run.completed"; answer: string; usage: Usage; toolCalls: number; steps: number; finishReason?: FinishReason }
  | ({ type: "run.failed" } & RunError)
  | { type: "run.cancelled"; reason: string }
  | { type: "notice"; code: string; message: string }
  | { type: "snapshot" | "resync"; conversation: ConversationDetail }
  | { type: "draining" }
  | { type: "unknown" };

export type Envelope = {
  v: number;
  seq?: number;
  conversationId: string;
  runId?: string;
  at: string;
} & Payload;
