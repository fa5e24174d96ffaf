// The names by which the page calls the API's types. The types themselves are generated from docs/openapi.json
// (`npm run types`).

import type { components } from "./openapi";

type Schemas = components["schemas"];

export type Answer = Schemas["RunAnswer"];
export type Accepted = Schemas["Accepted"];
export type AlternativeChoice = Schemas["AlternativeChoice"];
export type ApiKey = Schemas["ApiKey"];
export type Approval = Schemas["Approval"];
export type PackageFacts = Schemas["PackageFacts"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditReport = Schemas["AuditReport"];
export type Conversation = Schemas["Conversation"];
export type ConversationDetail = Schemas["ConversationDetail"];
export type CreatedKey = Schemas["CreatedKey"];
export type CustomPrompt = Schemas["CustomPrompt"];
export type Envelope = Schemas["Envelope"];
export type ExecuteAnswer = Schemas["ExecuteAnswer"];
export type ExecutionState = Schemas["ExecutionState"];
export type Feedback = Schemas["Feedback"];
export type GiveFeedback = Schemas["GiveFeedback"];
export type GuestCredentials = Schemas["GuestCredentials"];
export type Message = Schemas["Message"];
export type MissingVar = Schemas["MissingVar"];
export type Models = Schemas["Models"];
export type OutputPage = Schemas["OutputPage"];
export type Part = Schemas["Part"];
export type Participant = Schemas["Participant"];
export type Plan = Schemas["Plan"];
export type PromptSettings = Schemas["PromptSettings"];
export type ReasoningPart = Schemas["ReasoningPart"];
export type RequiredAction = Schemas["RequiredAction"];
export type Run = Schemas["Run"];
export type RunPlan = Schemas["RunPlan"];
export type RunStatus = Schemas["RunStatus"];
export type Selected = Schemas["Selected"];
export type Settings = Schemas["Settings"];
export type Stats = Schemas["Stats"];
export type StepProgress = Schemas["StepProgress"];
export type StepStatus = Schemas["StepStatus"];
export type StoredApproval = Schemas["StoredApproval"];
export type StoredCredential = Schemas["StoredCredential"];
export type StoredGrant = Schemas["StoredGrant"];
export type TextPart = Schemas["TextPart"];
export type Tool = Schemas["ToolRow"];
export type ToolRun = Schemas["ToolRun"];
export type ToolRunStatus = Schemas["ToolRunStatus"];
export type Usage = Schemas["Usage"];
export type User = Schemas["User"];
export type Visibility = Schemas["Visibility"];
export type Whoami = Schemas["Whoami"];
/** Everything for who is signed in, one word for others. */
export type ServerStatus = Schemas["Status"] | Schemas["StatusWord"];
