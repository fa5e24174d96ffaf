//! How statements are written, and those that several files share; every other one stands in the file that uses it. A test
//! prepares each of them on both engines.
//!
//! Rules that keep one text right for both: no JSON operators, sums are cast, `$1` placeholders, booleans are bound.
//!
//! What can't be one text is a [`Pair`]: leases go by the clock of the database (on SQLite that is this process's), and
//! only PostgreSQL has row locks. What several nodes say to each other is PostgreSQL's alone.

/// Statements of one file, at its end. [`super::statements`] has to know of it.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)*
        pub(super) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(super) use statements;

/// A statement with a text for each engine; the binds are the same.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

/// A statement: one text for both engines, or one for each.
pub(crate) trait Text {
    fn sqlite(&self) -> &'static str;
    fn postgres(&self) -> &'static str;
}

impl Text for &'static str {
    fn sqlite(&self) -> &'static str {
        self
    }
    fn postgres(&self) -> &'static str {
        self
    }
}

impl Text for Pair {
    fn sqlite(&self) -> &'static str {
        self.sqlite
    }
    fn postgres(&self) -> &'static str {
        self.postgres
    }
}

/// What the words between the pieces of a pair are on each engine. Times are milliseconds since 1970.
macro_rules! word {
    (sqlite now) => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
    // Not `now()`: that is the beginning of the transaction, which may have waited for a lock.
    (postgres now) => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
    (sqlite in_json_of_1) => {
        " IN (SELECT value FROM json_each($1))"
    };
    (postgres in_json_of_1) => {
        " IN (SELECT JSON_ARRAY_ELEMENTS_TEXT($1::JSON))"
    };
    // Lists in a list, and the texts in each of them.
    (sqlite from_lists_of_1) => {
        " FROM json_each($1) AS r WHERE 1 = 1"
    };
    (postgres from_lists_of_1) => {
        " FROM JSON_ARRAY_ELEMENTS($1::JSON) AS r (value)"
    };
    (sqlite first) => {
        "json_extract(r.value, '$[0]')"
    };
    (postgres first) => {
        "r.value ->> 0"
    };
    (sqlite second) => {
        "json_extract(r.value, '$[1]')"
    };
    (postgres second) => {
        "r.value ->> 1"
    };
    (sqlite third) => {
        "json_extract(r.value, '$[2]')"
    };
    (postgres third) => {
        "r.value ->> 2"
    };
    (sqlite fourth) => {
        "json_extract(r.value, '$[3]')"
    };
    (postgres fourth) => {
        "r.value ->> 3"
    };
    (sqlite fifth) => {
        "json_extract(r.value, '$[4]')"
    };
    (postgres fifth) => {
        "r.value ->> 4"
    };
    // A SQLite database is one process's: whoever held something before is gone.
    (sqlite is_alone) => {
        "1 = 1"
    };
    (postgres is_alone) => {
        "1 = 0"
    };
    (sqlite output_bytes) => {
        "CAST(output AS BLOB)"
    };
    (postgres output_bytes) => {
        "convert_to(output, 'UTF8')"
    };
    (sqlite skip_locked) => {
        ""
    };
    (postgres skip_locked) => {
        " FOR UPDATE OF r SKIP LOCKED"
    };
}

macro_rules! pairs {
    ($($(#[$doc:meta])* $name:ident = $first:literal $($word:ident $then:literal)*;)*) => {
        $($(#[$doc])* pub(crate) const $name: Pair = Pair {
            sqlite: concat!($first, $(word!(sqlite $word), $then),*),
            postgres: concat!($first, $(word!(postgres $word), $then),*),
        };)*
        pub const PAIRS: &[(&str, Pair)] = &[$((stringify!($name), $name)),*];
    };
}

macro_rules! of_postgres {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*
        /// Those of PostgreSQL alone, by name.
        pub const OF_POSTGRES: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

pairs! {
    /// The first waiting run of each conversation in which none works, at most `$3` of them. Another node that claims at
    /// the same time takes other rows; the partial unique index is the backstop. Materialized, so that the limit counts
    /// once.
    CLAIM = "WITH picked AS MATERIALIZED (SELECT r.id FROM runs r WHERE r.status = 'queued' \
        AND NOT EXISTS (SELECT 1 FROM runs a WHERE a.conversation_id = r.conversation_id AND a.status IN ('running', 'paused')) \
        AND NOT EXISTS (SELECT 1 FROM runs e WHERE e.conversation_id = r.conversation_id AND e.status = 'queued' \
        AND e.queued_seq < r.queued_seq) ORDER BY r.queued_at, r.queued_seq LIMIT $3" skip_locked ") \
        UPDATE runs SET status = 'running', lease_owner = $1, lease_until = " now " + $2, fence = fence + 1, \
        attempt = attempt + 1 WHERE id IN (SELECT id FROM picked) AND status = 'queued' \
        RETURNING id, conversation_id, fence, attempt, started_at";
    /// A worker's write: only while it holds the run, and it prolongs the lease.
    HOLD = "UPDATE runs SET lease_until = " now " + $3 WHERE id = $1 AND fence = $2 AND status = 'running' \
        RETURNING cancel_requested_at, actor_user_id";
    RENEW = "UPDATE runs SET lease_until = " now " + $2 WHERE lease_owner = $1 AND status = 'running' \
        RETURNING id, conversation_id, fence, cancel_requested_at";
    EXPIRED = "SELECT id, conversation_id FROM runs WHERE status = 'running' AND lease_until < " now "";
    TAKE_BACK = "UPDATE runs SET status = 'queued', lease_owner = NULL, fence = fence + 1, recoveries = recoveries + 1 \
        WHERE id = $1 AND status = 'running' AND lease_until < " now "";

    PUT_NODE = "INSERT INTO nodes (id, boot_id, version, started_at, heartbeat_at, draining) \
        VALUES ($1, $2, $3, " now ", " now ", $4) \
        ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, draining = excluded.draining";
    /// The end of a chain that nobody adds to at this moment.
    FREE_AUDIT_LANE = "SELECT r.chain, r.n, r.hash FROM audit_heads r ORDER BY r.chain LIMIT 1" skip_locked "";
    LIST_NODES = "SELECT id, version, started_at, heartbeat_at, draining, " now " - heartbeat_at AS age FROM nodes \
        ORDER BY started_at, id";
    DROP_OLD_NODES = "DELETE FROM nodes WHERE heartbeat_at < " now " - $1";
    /// A piece of an output's text, in bytes from 1 on, and the size of all of it.
    OUTPUT_PIECE = "SELECT CAST(octet_length(output) AS BIGINT) AS total, substr(" output_bytes ", \
        CAST(CAST($2 AS BIGINT) AS INTEGER), CAST(CAST($3 AS BIGINT) AS INTEGER)) AS piece FROM tool_runs \
        WHERE id = $1 AND output IS NOT NULL";
    PLANS_NAMED = "SELECT p.id, p.plan_set_id, p.steps, p.confidence, p.reasoning, p.missing_vars, p.pins, s.conversation_id, \
        s.run_id, s.status FROM plans p JOIN plan_sets s ON s.id = p.plan_set_id WHERE p.id" in_json_of_1 "";
    /// The right to read another registry; no row where another node has it.
    CLAIM_MIRROR = "INSERT INTO mirrors (url, state, holder, held_until) VALUES ($1, '', $2, " now " + $3) \
        ON CONFLICT (url) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until \
        WHERE " is_alone " OR mirrors.holder = excluded.holder OR mirrors.held_until < " now " RETURNING state";
    RENEW_MIRROR = "UPDATE mirrors SET held_until = " now " + $3 WHERE url = $1 AND holder = $2";
    /// Rows as a viewer has them: everybody's, and the viewer's own.
    GET_TOOLS = "SELECT tool_id, tool, source, runs, failures, failing, CAST(0 AS BIGINT) AS own FROM tools WHERE tool_id" in_json_of_1 " \
        UNION ALL SELECT tool_id, tool, source, runs, failures, failing, CAST(1 AS BIGINT) AS own FROM own_tools WHERE user_id = $2 \
        AND tool_id" in_json_of_1 "";
    /// Everybody's rows, as lists of id, tool and source.
    PUT_TOOLS = "INSERT INTO tools (tool_id, tool, source, runs, failures, updated_at, revision) SELECT " first ", " second ", " third ", \
        0, 0, CAST($2 AS BIGINT), CAST($3 AS BIGINT)" from_lists_of_1 " ON CONFLICT (tool_id) DO UPDATE \
        SET tool = excluded.tool, source = excluded.source, updated_at = excluded.updated_at, revision = excluded.revision";
    /// A conversation's events, as lists of number, run, kind, document and time.
    IMPORT_EVENTS = "INSERT INTO events (conversation_id, seq, run_id, kind, payload, created_at) SELECT CAST($2 AS TEXT), \
        CAST(" first " AS BIGINT), " second ", " third ", " fourth ", CAST(" fifth " AS BIGINT)" from_lists_of_1 "";
    DROP_VECTORS = "DELETE FROM text_vectors WHERE text_hash" in_json_of_1 "";
    VECTORS_OF = "SELECT text_hash, vector FROM text_vectors WHERE text_hash" in_json_of_1 "";
}

of_postgres! {
    /// Hints for the other nodes.
    NOTIFY = "SELECT pg_notify('omega', payload) FROM UNNEST($1::TEXT[]) AS n (payload)";
    /// The runs among these that are held as said and that nobody writes for at this moment.
    HOLD_STREAMS = "SELECT r.id FROM runs r JOIN UNNEST($1::TEXT[], $2::BIGINT[]) AS n (run, fence) \
        ON r.id = n.run AND r.fence = n.fence WHERE r.status = 'running' FOR SHARE OF r SKIP LOCKED";
    PUT_CHUNKS = "INSERT INTO message_chunks (conversation_id, message_id, part, chunk_offset, kind, run_id, since, data) \
        SELECT n.conversation, n.message, n.part, n.chunk_offset, n.kind, n.run, n.since, n.data \
        FROM UNNEST($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::BIGINT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[], $8::TEXT[], \
        $9::BIGINT[], $10::BIGINT[]) AS n (conversation, message, part, chunk_offset, kind, run, since, data, step_no, attempt) \
        JOIN steps s ON s.run_id = n.run AND s.step_no = n.step_no AND s.attempt = n.attempt AND s.status = 'started' \
        WHERE n.run = ANY($11::TEXT[]) ON CONFLICT (conversation_id, message_id, part, chunk_offset) \
        DO UPDATE SET kind = excluded.kind, since = excluded.since, data = excluded.data \
        RETURNING message_id, part, chunk_offset";
    /// The text of these conversations after what is known of it.
    GET_CHUNKS = "SELECT c.conversation_id, c.run_id, c.message_id, c.since, c.part, c.kind, c.chunk_offset, c.data \
        FROM UNNEST($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[]) AS n (conversation, message, since, part, at) \
        JOIN message_chunks c ON c.conversation_id = n.conversation AND (c.message_id <> n.message OR c.since <> n.since \
        OR c.part > n.part OR (c.part = n.part AND c.chunk_offset >= n.at)) \
        ORDER BY c.conversation_id, c.message_id, c.part, c.chunk_offset";
}

statements! {
    PUT_META = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    CLAIM_META = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
    GET_META = "SELECT value FROM meta WHERE key = $1";
    INSERT_USER = "INSERT INTO users (id, email, display_name, gravatar_hash, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    INSERT_KEY = "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE user_id = $1";
    PUT_RUN_ENV = "INSERT INTO run_env (run_id, key_name, user_id, dek_id, nonce, ciphertext) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (run_id, key_name) DO UPDATE SET user_id = excluded.user_id, dek_id = excluded.dek_id, \
        nonce = excluded.nonce, ciphertext = excluded.ciphertext";
    RUN_ENV = "SELECT user_id, 'run' AS scope, run_id AS place_of, key_name, dek_id, nonce, ciphertext, NULL AS hint, \
        CAST(0 AS BIGINT) AS created_at, CAST(0 AS BIGINT) AS updated_at, CAST(NULL AS BIGINT) AS last_used_at \
        FROM run_env WHERE run_id = $1 ORDER BY key_name";
    SECRETS_OF_CONVERSATION = "SELECT c.user_id, c.scope, c.tool_id AS place_of, c.key_name, c.dek_id, c.nonce, c.ciphertext, c.hint, \
        c.created_at, c.updated_at, c.last_used_at, c.keyring_account FROM credentials c JOIN conversations v ON v.owner_id = c.user_id WHERE v.id = $1 \
        UNION ALL SELECT e.user_id, 'run' AS scope, e.run_id AS place_of, e.key_name, e.dek_id, e.nonce, e.ciphertext, NULL AS hint, \
        CAST(0 AS BIGINT) AS created_at, CAST(0 AS BIGINT) AS updated_at, CAST(NULL AS BIGINT) AS last_used_at, \
        NULL AS keyring_account FROM run_env e CROSS JOIN runs r WHERE r.id = e.run_id AND r.conversation_id = $1";
    DELETE_RUN_ENV = "DELETE FROM run_env WHERE run_id = $1";
    PUT_CREDENTIAL = "INSERT INTO credentials (id, user_id, scope, tool_id, key_name, dek_id, nonce, ciphertext, version, hint, \
        created_at, updated_at, given_version, given_integrity, given_own, keyring_account) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $10, $11, $12, $13, $14) \
        ON CONFLICT (user_id, scope, tool_id, key_name) DO UPDATE SET dek_id = excluded.dek_id, nonce = excluded.nonce, \
        ciphertext = excluded.ciphertext, version = credentials.version + 1, hint = excluded.hint, updated_at = excluded.updated_at, \
        given_version = excluded.given_version, given_integrity = excluded.given_integrity, given_own = excluded.given_own, \
        keyring_account = excluded.keyring_account RETURNING version";
    GIVE_CREDENTIAL = "UPDATE credentials SET given_version = $4, given_integrity = $5, given_own = $6 \
        WHERE user_id = $1 AND scope = 'tool' AND tool_id = $2 AND key_name = $3";
    CREDENTIALS_OF = "SELECT user_id, scope, tool_id AS place_of, key_name, dek_id, nonce, ciphertext, hint, created_at, updated_at, \
        last_used_at, given_version, given_integrity, given_own, keyring_account FROM credentials WHERE user_id = $1 ORDER BY key_name, scope, tool_id";
    CREDENTIAL = "SELECT user_id, scope, tool_id AS place_of, key_name, dek_id, nonce, ciphertext, hint, created_at, updated_at, \
        last_used_at, given_version, given_integrity, given_own, keyring_account FROM credentials \
        WHERE user_id = $1 AND scope = $2 AND tool_id = $3 AND key_name = $4";
    TOUCH_CREDENTIAL = "UPDATE credentials SET last_used_at = $5 \
        WHERE user_id = $1 AND scope = $2 AND tool_id = $3 AND key_name = $4";
    DELETE_CREDENTIAL = "DELETE FROM credentials WHERE user_id = $1 AND scope = $2 AND tool_id = $3 AND key_name = $4";
    LEAVE_IN_KEYRING = "INSERT INTO keyring_leftovers (account, created_at) SELECT keyring_account, $5 FROM credentials \
        WHERE user_id = $1 AND scope = $2 AND tool_id = $3 AND key_name = $4 AND keyring_account IS NOT NULL ON CONFLICT DO NOTHING";
    INSERT_LEFTOVER = "INSERT INTO keyring_leftovers (account, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    DELETE_LEFTOVER = "DELETE FROM keyring_leftovers WHERE account = $1";
    LEFTOVERS = "SELECT account FROM keyring_leftovers ORDER BY created_at LIMIT 1000";
    PUT_GRANT = "INSERT INTO credential_grants (user_id, key_name, tool_id, publisher, version, integrity, own, source, granted_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (user_id, key_name, tool_id) DO UPDATE SET \
        publisher = excluded.publisher, version = excluded.version, integrity = excluded.integrity, own = excluded.own, \
        source = excluded.source, granted_at = excluded.granted_at";
    GRANTS = "SELECT key_name, tool_id, publisher, version, integrity, own, source, granted_at FROM credential_grants WHERE user_id = $1 \
        ORDER BY key_name, tool_id";
    DELETE_GRANT = "DELETE FROM credential_grants WHERE user_id = $1 AND key_name = $2 AND tool_id = $3";
    DELETE_GRANTS_OF_KEY = "DELETE FROM credential_grants WHERE user_id = $1 AND key_name = $2";
    USER_ROLE = "SELECT role FROM users WHERE id = $1";
    INSERT_PARTICIPANT = "INSERT INTO participants (conversation_id, user_id, role, display_name, gravatar_hash, first_seen_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (conversation_id, user_id) DO NOTHING";
    INSERT_EVENT = "INSERT INTO events (conversation_id, seq, run_id, kind, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    INSERT_MESSAGE = "INSERT INTO messages (id, conversation_id, seq, run_id, step_no, author, role, status, parts, content, calls, \
        provider_state, client_message_id, created_at, finish_reason, replaces) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    MESSAGES_BEFORE = "SELECT id, seq, run_id, step_no, author, role, status, parts, content, calls, provider_state, created_at, finish_reason, \
        replaces FROM messages WHERE conversation_id = $1 AND status <> 'discarded' AND seq < $2 ORDER BY seq DESC LIMIT $3";
    MESSAGES_AFTER = "SELECT id, seq, run_id, step_no, author, role, status, parts, content, calls, provider_state, created_at, finish_reason, \
        replaces FROM messages WHERE conversation_id = $1 AND status <> 'discarded' AND seq > $2 ORDER BY seq LIMIT $3";
    MESSAGE_DATA = "SELECT id, data FROM messages WHERE conversation_id = $1 AND seq >= $2 AND data IS NOT NULL";
    GET_RUN = "SELECT id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, recoveries, \
        cancel_requested_at, pause, error, usage, queued_at, started_at, finished_at, finish_reason FROM runs WHERE id = $1";
    RUNS_BETWEEN = "SELECT id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, recoveries, \
        cancel_requested_at, pause, error, usage, queued_at, started_at, finished_at, finish_reason FROM runs \
        WHERE conversation_id = $1 AND queued_seq >= $2 AND queued_seq < $3 ORDER BY queued_seq";
    RUN_USAGE = "SELECT usage FROM runs WHERE id = $1";
    SET_RUN_USAGE = "UPDATE runs SET usage = $2 WHERE id = $1";
    OPEN_RUNS = "SELECT id, status, actor_user_id FROM runs WHERE conversation_id = $1 AND status IN ('queued', 'running', 'paused') \
        ORDER BY queued_seq";
    REQUEST_CANCEL = "UPDATE runs SET cancel_requested_at = $2 WHERE id = $1 AND cancel_requested_at IS NULL AND status = 'running'";
    RETRY_TOOL_RUN = "UPDATE tool_runs SET status = 'proposed' WHERE id = $1 AND status = 'started'";
    /// Outputs of more than so many bytes stay where they are.
    TOOL_RUNS_FROM = "SELECT id, run_id, message_id, call_id, seq, tool_id, tool_name, version, status, input, \
        CASE WHEN output_bytes <= $4 THEN output END AS output, output_summary, output_bytes, truncated, attempt, started_at, error, duration_ms, notice, created_at FROM tool_runs \
        WHERE conversation_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
    SET_PAUSE = "UPDATE runs SET pause = $2 WHERE id = $1 AND status = 'paused'";
    PAUSED_RUN = "SELECT id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, recoveries, \
        cancel_requested_at, pause, error, usage, queued_at, started_at, finished_at, finish_reason FROM runs \
        WHERE conversation_id = $1 AND status IN ('running', 'paused') AND status = 'paused'";
    CLOSE_CREDENTIAL_REQUESTS = "UPDATE credential_requests SET status = $2, resolved_at = $3, resolved_by = $4 \
        WHERE run_id = $1 AND status = 'open'";
    CLOSE_PLAN_CREDENTIALS = "UPDATE plan_credentials SET status = $2, resolved_at = $3, resolved_by = $4 \
        WHERE run_id = $1 AND status = 'open'";
    INSERT_PLAN_SET = "INSERT INTO plan_sets (id, conversation_id, run_id, message, status, created_at) VALUES ($1, $2, $3, $4, 'proposed', $5)";
    DECIDE_PLAN_SET = "UPDATE plan_sets SET status = $2, selected_plan_id = $3, note = $4, decided_at = $5, decided_by = $6 \
        WHERE id = $1 AND status = 'proposed'";
}
