//! Every name under which this server is measured: metrics of its own in Prometheus' style, and those that the OpenTelemetry
//! conventions for generative AI have (schema 1.41, which Prometheus writes with underscores and the unit).

// Metrics of the conventions.
pub const GEN_AI_DURATION: &str = "gen_ai_client_operation_duration_seconds";
pub const GEN_AI_FIRST_CHUNK: &str = "gen_ai_client_operation_time_to_first_chunk_seconds";
pub const GEN_AI_TOKENS: &str = "gen_ai_client_token_usage";

// Their labels.
pub const OPERATION: &str = "gen_ai_operation_name";
pub const PROVIDER: &str = "gen_ai_provider_name";
pub const MODEL: &str = "gen_ai_request_model";
pub const TOKEN_TYPE: &str = "gen_ai_token_type";
pub const ERROR_TYPE: &str = "error_type";

// Metrics of our own.
pub const RUNS: &str = "omega_runs_total";
pub const RUNS_ACTIVE: &str = "omega_runs_active";
pub const RUN_QUEUE_WAIT: &str = "omega_run_queue_wait_seconds";
pub const RUN_RECOVERIES: &str = "omega_run_recoveries_total";
pub const TOOL_RUNS: &str = "omega_tool_runs_total";
pub const TOOL_RUN_DURATION: &str = "omega_tool_run_duration_seconds";
pub const TOOL_UNKNOWN_OUTCOMES: &str = "omega_tool_unknown_outcomes_total";
pub const PAUSES: &str = "omega_pauses_total";
pub const PAUSE_DURATION: &str = "omega_pause_duration_seconds";
pub const SSE_STREAMS: &str = "omega_sse_streams";
pub const SSE_DELIVERY_LAG: &str = "omega_sse_delivery_lag_seconds";
pub const SSE_RESUMES: &str = "omega_sse_resumes_total";
pub const EVENTS_APPENDED: &str = "omega_events_appended_total";
pub const EVENT_FLUSH: &str = "omega_event_flush_seconds";
pub const EVENT_FLUSH_BATCH: &str = "omega_event_flush_batch";
pub const DB_POOL_WAIT: &str = "omega_db_pool_wait_seconds";
pub const LEASE_LOST: &str = "omega_lease_lost_total";
pub const NOTIFY_FALLBACK_POLLS: &str = "omega_notify_fallback_polls_total";
pub const BREAKER_STATE: &str = "omega_breaker_state";
pub const RATE_LIMITED: &str = "omega_rate_limited_total";
pub const CREDENTIAL_USES: &str = "omega_credential_uses_total";
pub const REDACTIONS: &str = "omega_redactions_total";
pub const HTTP_DURATION: &str = "omega_http_request_duration_seconds";
pub const BUILD_INFO: &str = "omega_build_info";

/// Attributes of spans, and of records where they have the same.
pub mod attribute {
    // Conventions for generative AI, 1.41.
    pub const OPERATION: &str = "gen_ai.operation.name";
    pub const PROVIDER: &str = "gen_ai.provider.name";
    pub const MODEL: &str = "gen_ai.request.model";
    pub const RESPONSE: &str = "gen_ai.response.id";
    pub const RESPONSE_MODEL: &str = "gen_ai.response.model";
    pub const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
    pub const FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
    pub const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
    pub const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
    pub const CACHED_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
    pub const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
    pub const CONVERSATION: &str = "gen_ai.conversation.id";
    pub const AGENT: &str = "gen_ai.agent.name";
    pub const AGENT_VERSION: &str = "gen_ai.agent.version";
    pub const TOOL: &str = "gen_ai.tool.name";
    pub const TOOL_CALL: &str = "gen_ai.tool.call.id";
    pub const TOOL_TYPE: &str = "gen_ai.tool.type";

    // The stable conventions.
    pub const ERROR_TYPE: &str = "error.type";
    pub const METHOD: &str = "http.request.method";
    pub const ROUTE: &str = "http.route";
    pub const SERVER: &str = "server.address";
    pub const SERVER_PORT: &str = "server.port";
    pub const STATUS: &str = "http.response.status_code";
    pub const SERVICE: &str = "service.name";
    pub const SERVICE_VERSION: &str = "service.version";
    pub const SERVICE_INSTANCE: &str = "service.instance.id";

    // Our own.
    pub const RUN: &str = "omega.run.id";
    pub const OUTCOME: &str = "omega.run.outcome";
    pub const EXECUTOR: &str = "omega.executor";
}

/// Where the names of the conventions are said.
pub const SCHEMA: &str = "https://opentelemetry.io/schemas/1.41.0";
