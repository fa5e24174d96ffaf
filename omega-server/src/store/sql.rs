//! Every statement, once. A test prepares each of them on both engines.
//!
//! Rules that keep one text right for both: no JSON operators, sums are cast, `$1` placeholders, booleans are bound.
//!
//! What can't be one text is a [`Pair`]: leases go by the clock of the database (on SQLite that is this process's), and
//! only PostgreSQL has row locks. What several nodes say to each other is PostgreSQL's alone.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*
        /// All of them, by name.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// A statement with a text for each engine; the binds are the same.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
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
        /// The pairs, by name.
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
    /// A partial text is not promised to anybody: its commit need not wait for the disk.
    NOT_DURABLE = "SET LOCAL synchronous_commit = off";
}

statements! {
    PUT_META = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    CLAIM_META = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
    GET_META = "SELECT value FROM meta WHERE key = $1";

    // Users, keys, sessions, settings
    FIRST_USER = "SELECT id, display_name, gravatar_hash FROM users ORDER BY created_at, id LIMIT 1";
    INSERT_USER = "INSERT INTO users (id, email, display_name, gravatar_hash, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    INSERT_KEY = "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    LIST_KEYS = "SELECT id, name, prefix, created_at, last_used_at FROM api_keys \
        WHERE user_id = $1 AND revoked_at IS NULL ORDER BY created_at, id";
    REVOKE_KEY = "UPDATE api_keys SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL";
    TOUCH_KEY = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1";
    KEY_CALLER = "SELECT u.id, u.display_name, u.gravatar_hash, u.role, k.id AS key_id, k.last_used_at \
        FROM api_keys k JOIN users u ON u.id = k.user_id \
        WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL";
    KNOWN_KEY = "SELECT id FROM api_keys WHERE key_hash = $1";
    INSERT_SESSION = "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at) \
        VALUES ($1, $2, $3, $3, $4, $5)";
    SESSION_CALLER = "SELECT u.id, u.display_name, u.gravatar_hash, u.role, s.last_seen_at FROM sessions s \
        JOIN users u ON u.id = s.user_id \
        WHERE s.token_hash = $1 AND s.idle_expires_at > $2 AND s.abs_expires_at > $2 AND u.disabled_at IS NULL";
    KNOWN_SESSION = "SELECT user_id FROM sessions WHERE token_hash = $1";
    TOUCH_SESSION = "UPDATE sessions SET last_seen_at = $2, idle_expires_at = $3 WHERE token_hash = $1";
    DELETE_SESSION = "DELETE FROM sessions WHERE token_hash = $1 RETURNING user_id";
    DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE user_id = $1";
    INSERT_SIGN_IN_CODE = "INSERT INTO sign_in_codes (code_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    USER_OF_SIGN_IN_CODE = "SELECT user_id FROM sign_in_codes WHERE code_hash = $1 AND expires_at > $2";
    TAKE_SIGN_IN_CODE = "DELETE FROM sign_in_codes WHERE code_hash = $1 RETURNING user_id, expires_at";
    EXPIRE_SIGN_IN_CODES = "DELETE FROM sign_in_codes WHERE expires_at < $1";
    DELETE_SIGN_IN_CODES_OF = "DELETE FROM sign_in_codes WHERE user_id = $1";
    LIST_USERS = "SELECT id, display_name, gravatar_hash, role, created_at, disabled_at FROM users ORDER BY created_at, id";
    GET_USER = "SELECT id, display_name, gravatar_hash, role, created_at, disabled_at FROM users WHERE id = $1";
    USER_OF_EMAIL = "SELECT id FROM users WHERE email = $1 AND id <> $2";
    SET_DISPLAY_NAME = "UPDATE users SET display_name = $2 WHERE id = $1";
    SET_EMAIL = "UPDATE users SET email = $2, gravatar_hash = $3 WHERE id = $1";
    DISABLE_USER = "UPDATE users SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    REVOKE_KEYS_OF = "UPDATE api_keys SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
    KNOWN_GRAVATAR = "SELECT id FROM users WHERE gravatar_hash = $1 LIMIT 1";
    // A platform vouches for somebody: made at the first time, with the name that it gives from then on.
    VOUCHED_USER = "INSERT INTO users (id, display_name, gravatar_hash, role, created_at, external_id) \
        VALUES ($1, $2, $3, 'user', $4, $5) ON CONFLICT (external_id) DO UPDATE SET \
        display_name = excluded.display_name, gravatar_hash = excluded.gravatar_hash \
        WHERE users.display_name <> excluded.display_name OR users.gravatar_hash <> excluded.gravatar_hash";
    USER_OF_EXTERNAL = "SELECT id, display_name, gravatar_hash, role, created_at, disabled_at FROM users WHERE external_id = $1";
    GET_SETTINGS = "SELECT value, version FROM settings WHERE user_id = $1";
    PUT_SETTINGS = "INSERT INTO settings (user_id, value, version, updated_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (user_id) DO UPDATE SET value = excluded.value, version = excluded.version, updated_at = excluded.updated_at \
        WHERE settings.version = excluded.version - 1";

    // Secrets
    DATA_KEY = "SELECT id, user_id, kek_id, nonce, wrapped_key FROM data_keys WHERE id = $1";
    RESERVE_DATA_KEY = "UPDATE data_keys SET enc_count = enc_count + $2 WHERE user_id = $1 AND retired_at IS NULL \
        AND enc_count <= $3 RETURNING id, user_id, kek_id, nonce, wrapped_key";
    RETIRE_USED_DATA_KEY = "UPDATE data_keys SET retired_at = $2 WHERE user_id = $1 AND retired_at IS NULL AND enc_count > $3";
    // The partial unique index keeps one current key a user, whoever comes first.
    INSERT_DATA_KEY = "INSERT INTO data_keys (id, user_id, kek_id, alg, nonce, wrapped_key, enc_count, created_at) \
        VALUES ($1, $2, $3, 'A256GCM', $4, $5, 0, $6) ON CONFLICT DO NOTHING";
    WRAPPING_KEYS = "SELECT DISTINCT kek_id FROM data_keys";
    DATA_KEYS_UNDER_OTHERS = "SELECT id, user_id, kek_id, nonce, wrapped_key FROM data_keys WHERE kek_id <> $1 AND id > $2 \
        ORDER BY id LIMIT 100";
    REWRAP_DATA_KEY = "UPDATE data_keys SET kek_id = $3, nonce = $4, wrapped_key = $5 WHERE id = $1 AND kek_id = $2";
    RETIRE_DATA_KEYS = "UPDATE data_keys SET retired_at = $1 WHERE retired_at IS NULL";
    DELETE_UNUSED_DATA_KEYS = "DELETE FROM data_keys WHERE retired_at < $1 \
        AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.dek_id = data_keys.id) \
        AND NOT EXISTS (SELECT 1 FROM run_env e WHERE e.dek_id = data_keys.id)";
    CREDENTIALS_UNDER_RETIRED = "SELECT c.id AS row_key, '' AS row_name, c.user_id, c.scope, c.tool_id AS place_of, c.key_name, \
        c.dek_id, c.nonce, c.ciphertext FROM credentials c JOIN data_keys d ON d.id = c.dek_id \
        WHERE d.retired_at IS NOT NULL AND (c.id > $1 OR (c.id = $1 AND '' > $2)) ORDER BY c.id LIMIT 100";
    RUN_ENV_UNDER_RETIRED = "SELECT e.run_id AS row_key, e.key_name AS row_name, e.user_id, 'run' AS scope, e.run_id AS place_of, \
        e.key_name, e.dek_id, e.nonce, e.ciphertext FROM run_env e JOIN data_keys d ON d.id = e.dek_id \
        WHERE d.retired_at IS NOT NULL AND (e.run_id > $1 OR (e.run_id = $1 AND e.key_name > $2)) \
        ORDER BY e.run_id, e.key_name LIMIT 100";
    // $2 has a place so that both tables take the same binds.
    RESEAL_CREDENTIAL = "UPDATE credentials SET dek_id = $4, nonce = $5, ciphertext = $6 WHERE id = $1 AND $2 = '' AND nonce = $3";
    RESEAL_RUN_ENV = "UPDATE run_env SET dek_id = $4, nonce = $5, ciphertext = $6 WHERE run_id = $1 AND key_name = $2 AND nonce = $3";
    PUT_RUN_ENV = "INSERT INTO run_env (run_id, key_name, user_id, dek_id, nonce, ciphertext) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (run_id, key_name) DO UPDATE SET user_id = excluded.user_id, dek_id = excluded.dek_id, \
        nonce = excluded.nonce, ciphertext = excluded.ciphertext";
    RUN_ENV = "SELECT user_id, 'run' AS scope, run_id AS place_of, key_name, dek_id, nonce, ciphertext, NULL AS hint, \
        CAST(0 AS BIGINT) AS created_at, CAST(0 AS BIGINT) AS updated_at, CAST(NULL AS BIGINT) AS last_used_at \
        FROM run_env WHERE run_id = $1 ORDER BY key_name";
    SECRETS_OF_CONVERSATION = "SELECT c.user_id, c.scope, c.tool_id AS place_of, c.key_name, c.dek_id, c.nonce, c.ciphertext, c.hint, \
        c.created_at, c.updated_at, c.last_used_at FROM credentials c JOIN conversations v ON v.owner_id = c.user_id WHERE v.id = $1 \
        UNION ALL SELECT e.user_id, 'run' AS scope, e.run_id AS place_of, e.key_name, e.dek_id, e.nonce, e.ciphertext, NULL AS hint, \
        CAST(0 AS BIGINT) AS created_at, CAST(0 AS BIGINT) AS updated_at, CAST(NULL AS BIGINT) AS last_used_at \
        FROM run_env e WHERE e.run_id IN (SELECT r.id FROM runs r WHERE r.conversation_id = $1)";
    DELETE_RUN_ENV = "DELETE FROM run_env WHERE run_id = $1";
    PUT_CREDENTIAL = "INSERT INTO credentials (id, user_id, scope, tool_id, key_name, dek_id, nonce, ciphertext, version, hint, \
        created_at, updated_at, given_version, given_integrity, given_own) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $10, $11, $12, $13) \
        ON CONFLICT (user_id, scope, tool_id, key_name) DO UPDATE SET dek_id = excluded.dek_id, nonce = excluded.nonce, \
        ciphertext = excluded.ciphertext, version = credentials.version + 1, hint = excluded.hint, updated_at = excluded.updated_at, \
        given_version = excluded.given_version, given_integrity = excluded.given_integrity, given_own = excluded.given_own \
        RETURNING version";
    GIVE_CREDENTIAL = "UPDATE credentials SET given_version = $4, given_integrity = $5, given_own = $6 \
        WHERE user_id = $1 AND scope = 'tool' AND tool_id = $2 AND key_name = $3";
    CREDENTIALS_OF = "SELECT user_id, scope, tool_id AS place_of, key_name, dek_id, nonce, ciphertext, hint, created_at, updated_at, \
        last_used_at, given_version, given_integrity, given_own FROM credentials WHERE user_id = $1 ORDER BY key_name, scope, tool_id";
    CREDENTIAL = "SELECT user_id, scope, tool_id AS place_of, key_name, dek_id, nonce, ciphertext, hint, created_at, updated_at, \
        last_used_at, given_version, given_integrity, given_own FROM credentials WHERE user_id = $1 AND scope = $2 AND tool_id = $3 AND key_name = $4";
    TOUCH_CREDENTIAL = "UPDATE credentials SET last_used_at = $5 \
        WHERE user_id = $1 AND scope = $2 AND tool_id = $3 AND key_name = $4";
    DELETE_CREDENTIAL = "DELETE FROM credentials WHERE user_id = $1 AND scope = $2 AND tool_id = $3 AND key_name = $4";
    PUT_GRANT = "INSERT INTO credential_grants (user_id, key_name, tool_id, publisher, version, integrity, own, source, granted_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (user_id, key_name, tool_id) DO UPDATE SET \
        publisher = excluded.publisher, version = excluded.version, integrity = excluded.integrity, own = excluded.own, \
        source = excluded.source, granted_at = excluded.granted_at";
    GRANTS = "SELECT key_name, tool_id, publisher, version, integrity, own, source, granted_at FROM credential_grants WHERE user_id = $1 \
        ORDER BY key_name, tool_id";
    DELETE_GRANT = "DELETE FROM credential_grants WHERE user_id = $1 AND key_name = $2 AND tool_id = $3";
    DELETE_GRANTS_OF_KEY = "DELETE FROM credential_grants WHERE user_id = $1 AND key_name = $2";
    USER_ROLE = "SELECT role FROM users WHERE id = $1";

    // Conversations
    INSERT_CONVERSATION = "INSERT INTO conversations (id, owner_id, title, title_source, model, safe_mode, guest_credentials, next_seq, \
        created_at, updated_at, link_id) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8, $1)";
    GET_CONVERSATION = "SELECT owner_id, title, title_source, model, safe_mode, guest_credentials, visibility, link_id, next_seq, \
        created_at, updated_at \
        FROM conversations WHERE id = $1";
    LOCK_CONVERSATION = "UPDATE conversations SET updated_at = $2 WHERE id = $1 RETURNING next_seq";
    SET_NEXT_SEQ = "UPDATE conversations SET next_seq = $2 WHERE id = $1";
    SET_TITLE = "UPDATE conversations SET title = $2, title_source = $3 WHERE id = $1";
    SET_SAFE_MODE = "UPDATE conversations SET safe_mode = $2 WHERE id = $1";
    SET_GUEST_CREDENTIALS = "UPDATE conversations SET guest_credentials = $2 WHERE id = $1";
    SET_MODEL = "UPDATE conversations SET model = $2 WHERE id = $1";
    INSERT_PARTICIPANT = "INSERT INTO participants (conversation_id, user_id, role, display_name, gravatar_hash, first_seen_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (conversation_id, user_id) DO NOTHING";
    LIST_PARTICIPANTS = "SELECT p.user_id, p.role, p.display_name, p.gravatar_hash, p.blocked_at FROM participants p \
        JOIN conversations c ON c.id = p.conversation_id WHERE p.conversation_id = $1 \
        AND (p.role = 'owner' OR p.epoch = c.link_epoch OR p.blocked_at IS NOT NULL) ORDER BY p.first_seen_at, p.user_id";

    // Where ids lead: always as the caller $2 meets it
    PLACE_OF_CONVERSATION = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, c.owner_id AS actor \
        FROM conversations c LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 \
        WHERE c.id = $1 OR c.link_id = $1";
    PLACE_OF_RETIRED_LINK = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, c.owner_id AS actor \
        FROM retired_links l JOIN conversations c ON c.id = l.conversation_id \
        LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 WHERE l.link_id = $1";
    PLACE_OF_RUN = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, r.actor_user_id AS actor \
        FROM runs r JOIN conversations c ON c.id = r.conversation_id \
        LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 WHERE r.id = $1";
    PLACE_OF_TOOL_RUN = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, r.actor_user_id AS actor \
        FROM tool_runs t JOIN runs r ON r.id = t.run_id JOIN conversations c ON c.id = t.conversation_id \
        LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 WHERE t.id = $1";
    PLACE_OF_APPROVAL = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, r.actor_user_id AS actor \
        FROM approvals a JOIN runs r ON r.id = a.run_id JOIN conversations c ON c.id = a.conversation_id \
        LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 WHERE a.id = $1";
    // Whoever comes by a new link comes anew.
    JOIN = "INSERT INTO participants (conversation_id, user_id, role, display_name, gravatar_hash, first_seen_at, epoch) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (conversation_id, user_id) DO UPDATE SET \
        display_name = excluded.display_name, gravatar_hash = excluded.gravatar_hash, epoch = excluded.epoch, \
        first_seen_at = CASE WHEN participants.epoch < excluded.epoch AND participants.role <> 'owner' \
        THEN excluded.first_seen_at ELSE participants.first_seen_at END \
        WHERE participants.blocked_at IS NULL AND (participants.epoch < excluded.epoch \
        OR participants.display_name <> excluded.display_name OR participants.gravatar_hash <> excluded.gravatar_hash)";
    LINK_OF = "SELECT link_epoch, visibility FROM conversations WHERE id = $1";
    RETIRE_LINK = "INSERT INTO retired_links (link_id, conversation_id, retired_at) SELECT link_id, id, CAST($2 AS BIGINT) \
        FROM conversations WHERE id = $1";
    SET_LINK = "UPDATE conversations SET link_id = $2, link_epoch = link_epoch + 1 WHERE id = $1";
    // Who is let in again belongs to the link that holds now.
    BLOCK = "UPDATE participants SET blocked_at = $3, epoch = $4 WHERE conversation_id = $1 AND user_id = $2 AND role <> 'owner'";
    PARTICIPANT = "SELECT user_id, role, display_name, gravatar_hash, blocked_at FROM participants \
        WHERE conversation_id = $1 AND user_id = $2";
    LIVE_SESSION = "SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id \
        WHERE s.token_hash = $1 AND s.idle_expires_at > $2 AND s.abs_expires_at > $2 AND u.disabled_at IS NULL";
    LIVE_KEY = "SELECT u.id FROM api_keys k JOIN users u ON u.id = k.user_id \
        WHERE k.id = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL";
    ENABLED_USER = "SELECT id FROM users WHERE id = $1 AND disabled_at IS NULL";
    SET_VISIBILITY = "UPDATE conversations SET visibility = $2 WHERE id = $1";

    // A conversation that comes as a document
    IMPORT_CONVERSATION = "INSERT INTO conversations (id, owner_id, title, title_source, model, safe_mode, next_seq, \
        created_at, updated_at, link_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $1)";
    IMPORT_RUN = "INSERT INTO runs (id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, \
        recoveries, lease_until, fence, error, usage, queued_seq, queued_at, started_at, finished_at, \
        finish_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, 0, 0, 0, $9, $10, $11, $12, $13, $14, $15)";
    IMPORT_TOOL_RUN = "INSERT INTO tool_runs (id, conversation_id, run_id, message_id, call_id, call_name, seq, tool_id, tool_name, \
        version, status, input, output, output_summary, output_bytes, truncated, error, credentials_used, attempt, created_at, \
        duration_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, '[]', 1, $18, $19)";

    // Events
    INSERT_EVENT = "INSERT INTO events (conversation_id, seq, run_id, kind, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    EVENTS_AFTER = "SELECT payload FROM events WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    LAST_SEQ = "SELECT next_seq - 1 AS seq FROM conversations WHERE id = $1";

    // Messages
    INSERT_MESSAGE = "INSERT INTO messages (id, conversation_id, seq, run_id, step_no, author, role, status, parts, content, calls, \
        provider_state, client_message_id, created_at, finish_reason) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    COMPLETE_MESSAGE = "UPDATE messages SET status = 'complete', parts = $2, content = $3, calls = $4, provider_state = $5, \
        finish_reason = $6 WHERE id = $1 AND status = 'streaming'";
    DISCARD_MESSAGES = "UPDATE messages SET status = 'discarded' WHERE run_id = $1 AND status = 'streaming'";
    STREAMING_MESSAGE = "SELECT m.id, m.seq, m.created_at, m.step_no, COALESCE(MAX(s.attempt), 0) AS attempt FROM messages m \
        LEFT JOIN steps s ON s.run_id = m.run_id AND s.step_no = m.step_no \
        WHERE m.run_id = $1 AND m.status = 'streaming' GROUP BY m.id, m.seq, m.created_at, m.step_no";
    MESSAGES_BEFORE = "SELECT id, seq, run_id, step_no, author, role, status, parts, content, calls, provider_state, created_at, finish_reason \
        FROM messages WHERE conversation_id = $1 AND status <> 'discarded' AND seq < $2 ORDER BY seq DESC LIMIT $3";
    MESSAGES_AFTER = "SELECT id, seq, run_id, step_no, author, role, status, parts, content, calls, provider_state, created_at, finish_reason \
        FROM messages WHERE conversation_id = $1 AND status <> 'discarded' AND seq > $2 ORDER BY seq LIMIT $3";
    COUNT_MESSAGES = "SELECT COUNT(*) AS n FROM messages WHERE conversation_id = $1 AND status <> 'discarded'";
    MESSAGE_BY_CLIENT_ID = "SELECT id, seq, run_id FROM messages WHERE conversation_id = $1 AND client_message_id = $2";

    // Runs
    INSERT_RUN = "INSERT INTO runs (id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, \
        recoveries, lease_until, fence, usage, queued_seq, queued_at) \
        VALUES ($1, $2, $3, $4, 'queued', $5, 0, 0, 0, 0, 0, 0, $6, $7, $8)";
    GET_RUN = "SELECT id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, recoveries, \
        cancel_requested_at, pause, error, usage, queued_at, started_at, finished_at, finish_reason FROM runs WHERE id = $1";
    RUNS_FROM = "SELECT id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, recoveries, \
        cancel_requested_at, pause, error, usage, queued_at, started_at, finished_at, finish_reason FROM runs \
        WHERE conversation_id = $1 AND queued_seq >= $2 ORDER BY queued_seq";
    OPEN_RUNS = "SELECT id, status, actor_user_id FROM runs WHERE conversation_id = $1 AND status IN ('queued', 'running', 'paused') \
        ORDER BY queued_seq";
    START_RUN = "UPDATE runs SET started_at = $2 WHERE id = $1 AND started_at IS NULL";
    VOID_LEASES = "UPDATE runs SET lease_until = 0 WHERE status = 'running'";
    GIVE_BACK = "UPDATE runs SET status = 'queued', lease_owner = NULL, lease_until = 0, fence = fence + 1, \
        recoveries = recoveries + $3, attempt = attempt - $4 WHERE id = $1 AND fence = $2 AND status = 'running'";
    ADD_STEP = "UPDATE runs SET step_no = $2 WHERE id = $1";
    ADD_USAGE = "UPDATE runs SET usage = $2, tool_calls = $3, finish_reason = $4 WHERE id = $1";
    RUN_USAGE = "SELECT usage FROM runs WHERE id = $1";
    SET_USAGE = "UPDATE runs SET usage = $2 WHERE id = $1";
    END_RUN = "UPDATE runs SET status = $2, error = $3, finished_at = $4, lease_owner = NULL, lease_until = 0, pause = NULL, \
        pause_expires_at = NULL \
        WHERE id = $1 AND status IN ('queued', 'running', 'paused')";
    // The outcome of a call is progress: crashes are counted from here anew. A step that asks for the call which kills the
    // server, again and again, is none.
    PROGRESS = "UPDATE runs SET recoveries = 0 WHERE id = $1 AND recoveries > 0";
    REQUEST_CANCEL = "UPDATE runs SET cancel_requested_at = $2 WHERE id = $1 AND cancel_requested_at IS NULL AND status = 'running'";
    RUN_ACTOR = "SELECT actor_user_id FROM runs WHERE id = $1";
    COUNT_QUEUED = "SELECT COUNT(*) AS n FROM (SELECT id FROM runs WHERE status = 'queued' LIMIT $1) AS waiting";
    COUNT_ACTIVE = "SELECT COUNT(*) AS n FROM runs WHERE status IN ('queued', 'running')";
    COUNT_CONVERSATION_RUNS = "SELECT COUNT(*) AS n FROM runs WHERE conversation_id = $1 AND status = 'completed'";
    USAGE_OF = "SELECT usage FROM runs WHERE conversation_id = $1";

    // Steps and tool runs
    OPEN_TOOL_RUNS = "SELECT id, call_id, tool_id, tool_name, version, status FROM tool_runs WHERE run_id = $1 \
        AND status IN ('proposed', 'awaiting_credentials', 'awaiting_approval', 'started') ORDER BY seq";
    RETRY_TOOL_RUN = "UPDATE tool_runs SET status = 'proposed' WHERE id = $1 AND status = 'started'";
    INSERT_STEP = "INSERT INTO steps (run_id, step_no, attempt, message_id, status, started_at) VALUES ($1, $2, $3, $4, 'started', $5)";
    END_STEP = "UPDATE steps SET status = $4, finish_reason = $5, usage = $6, finished_at = $7, error = $8 \
        WHERE run_id = $1 AND step_no = $2 AND attempt = $3";
    // Steps are completed in their order, so the events that say so count them.
    OPEN_STEPS = "SELECT step_no, usage, finish_reason FROM steps WHERE run_id = $1 AND status = 'done' AND step_no > \
        (SELECT COUNT(*) FROM events WHERE run_id = $1 AND kind = 'run.step.completed') ORDER BY step_no";
    INSERT_TOOL_RUN = "INSERT INTO tool_runs (id, conversation_id, run_id, message_id, call_id, call_name, seq, tool_id, tool_name, \
        version, status, input, output_summary, output_bytes, truncated, credentials_used, attempt, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'proposed', $11, '', 0, $12, '[]', 0, $13)";
    START_TOOL_RUN = "UPDATE tool_runs SET status = 'started', version = $2, credentials_used = $3, attempt = attempt + 1, started_at = $4 \
        WHERE id = $1 AND status = 'proposed'";
    END_TOOL_RUN = "UPDATE tool_runs SET status = $2, version = $3, output = $4, output_summary = $5, output_bytes = $6, truncated = $7, \
        error = $8, finished_at = $9, duration_ms = $10 \
        WHERE id = $1 AND status IN ('proposed', 'awaiting_credentials', 'awaiting_approval', 'started')";
    TOOL_RUNS_OF_RUN = "SELECT id, run_id, message_id, call_id, seq, tool_id, tool_name, version, status, input, output, \
        output_summary, output_bytes, truncated, error, duration_ms, created_at FROM tool_runs WHERE run_id = $1 ORDER BY seq";
    TOOL_RUNS_FROM = "SELECT id, run_id, message_id, call_id, seq, tool_id, tool_name, version, status, input, output, \
        output_summary, output_bytes, truncated, error, duration_ms, created_at FROM tool_runs \
        WHERE conversation_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
    GET_TOOL_RUN = "SELECT id, run_id, message_id, call_id, seq, tool_id, tool_name, version, status, input, output, \
        output_summary, output_bytes, truncated, error, duration_ms, created_at FROM tool_runs WHERE id = $1";
    TOOL_RUN_PLACE = "SELECT conversation_id, run_id FROM tool_runs WHERE id = $1";
    REQUEST_TOOL_CANCEL = "UPDATE tool_runs SET cancel_requested_at = $2 WHERE id = $1 AND cancel_requested_at IS NULL \
        AND finished_at IS NULL";
    TOOL_CANCEL_REQUESTED = "SELECT cancel_requested_at FROM tool_runs WHERE id = $1";
    TOOL_CANCELS_OF = "SELECT t.id FROM runs r JOIN tool_runs t ON t.run_id = r.id WHERE r.lease_owner = $1 \
        AND r.status = 'running' AND t.cancel_requested_at IS NOT NULL AND t.finished_at IS NULL";
    COUNT_TOOL_RUNS = "SELECT COUNT(*) AS n FROM tool_runs WHERE conversation_id = $1";

    // Nodes, and the text that streams on another one
    DROP_NODE = "DELETE FROM nodes WHERE id = $1";
    DROP_CHUNKS = "DELETE FROM message_chunks WHERE conversation_id = $1 AND run_id = $2";

    // Pauses
    PAUSE_RUN = "UPDATE runs SET status = 'paused', pause = $2, pause_expires_at = $3, lease_owner = NULL, lease_until = 0 \
        WHERE id = $1 AND status = 'running' AND cancel_requested_at IS NULL";
    SET_PAUSE = "UPDATE runs SET pause = $2 WHERE id = $1 AND status = 'paused'";
    RESUME_RUN = "UPDATE runs SET status = 'queued', pause = NULL, pause_expires_at = NULL WHERE id = $1 AND status = 'paused'";
    PAUSED_RUN = "SELECT id, conversation_id, message_id, actor_user_id, status, config, step_no, tool_calls, attempt, recoveries, \
        cancel_requested_at, pause, error, usage, queued_at, started_at, finished_at, finish_reason FROM runs \
        WHERE conversation_id = $1 AND status = 'paused'";
    EXPIRED_PAUSES = "SELECT id, conversation_id FROM runs WHERE status = 'paused' AND pause_expires_at < $1";
    AWAIT_TOOL_RUN = "UPDATE tool_runs SET status = $2 WHERE id = $1 AND status IN ('proposed', 'started')";
    READY_TOOL_RUNS = "UPDATE tool_runs SET status = 'proposed' WHERE run_id = $1 AND status = $2";
    READY_TOOL_RUN = "UPDATE tool_runs SET status = 'proposed', input = $2 WHERE id = $1 AND status = 'awaiting_approval'";
    INSERT_CREDENTIAL_REQUEST = "INSERT INTO credential_requests (id, conversation_id, run_id, tool_run_id, tool_id, required_keys, \
        missing_keys, status, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)";
    CLOSE_CREDENTIAL_REQUESTS = "UPDATE credential_requests SET status = $2, resolved_at = $3, resolved_by = $4 \
        WHERE run_id = $1 AND status = 'open'";
    ANSWERED_REQUESTS = "SELECT tool_run_id, tool_id, missing_keys, status FROM credential_requests \
        WHERE run_id = $1 AND status IN ('satisfied', 'declined')";
    INSERT_APPROVAL = "INSERT INTO approvals (id, conversation_id, run_id, tool_run_id, tool_id, reason, args_digest, status, \
        created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)";
    GET_APPROVAL = "SELECT conversation_id, run_id, tool_run_id, tool_id, reason, args_digest, status FROM approvals WHERE id = $1";
    DECIDE_APPROVAL = "UPDATE approvals SET status = $2, remember = $3, note = $4, args_digest = $5, decided_at = $6, decided_by = $7 \
        WHERE id = $1 AND status = 'open'";
    CLOSE_APPROVALS = "UPDATE approvals SET status = $2, decided_at = $3, decided_by = $4 WHERE run_id = $1 AND status = 'open'";
    DECISIONS = "SELECT tool_run_id, reason, args_digest, status, note FROM approvals WHERE run_id = $1 AND status IN ('approved', 'denied') \
        ORDER BY created_at, id";
    PUT_APPROVAL_RULE = "INSERT INTO approval_rules (id, user_id, conversation_id, tool_id, reason, version, integrity, own, \
        created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (user_id, conversation_id, tool_id, reason) \
        DO UPDATE SET version = excluded.version, integrity = excluded.integrity, own = excluded.own, \
        created_at = excluded.created_at";
    APPROVAL_RULES = "SELECT tool_id, reason, version, integrity, own FROM approval_rules WHERE user_id = $1 AND conversation_id IN ('', $2)";
    APPROVAL_RULES_OF = "SELECT id, conversation_id, tool_id, reason, version, created_at FROM approval_rules WHERE user_id = $1 \
        ORDER BY created_at, id";
    DELETE_APPROVAL_RULE = "DELETE FROM approval_rules WHERE user_id = $1 AND id = $2";

    // Prompts
    PUT_PROMPT = "INSERT INTO prompts (version, user_id, sha256, body, created_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (version, user_id) DO NOTHING";
    GET_PROMPT = "SELECT version, sha256, body, created_at FROM prompts WHERE version = $1 AND user_id IN ('', $2)";

    // What a plan's tools lack before its first step, and other tools for calls that came to nothing
    INSERT_PLAN_CREDENTIALS = "INSERT INTO plan_credentials (run_id, conversation_id, status, created_at) VALUES ($1, $2, 'open', $3) \
        ON CONFLICT (run_id) DO NOTHING";
    CLOSE_PLAN_CREDENTIALS = "UPDATE plan_credentials SET status = $2, resolved_at = $3, resolved_by = $4 \
        WHERE run_id = $1 AND status = 'open'";
    PLAN_CREDENTIALS = "SELECT status FROM plan_credentials WHERE run_id = $1";
    INSERT_ALTERNATIVES = "INSERT INTO alternatives (id, conversation_id, run_id, tool_run_id, tool_id, choice, status, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ALTERNATIVES_OF_RUN = "SELECT tool_run_id, choice, status, chosen FROM alternatives WHERE run_id = $1 ORDER BY created_at, id";
    CHOSEN_ALTERNATIVES = "SELECT tool_run_id, choice, status, chosen FROM alternatives \
        WHERE conversation_id = $1 AND status IN ('chosen', 'none') ORDER BY created_at, id";
    DECIDE_ALTERNATIVES = "UPDATE alternatives SET status = $3, chosen = $4, decided_at = $5, decided_by = $6 \
        WHERE run_id = $1 AND tool_run_id = $2 AND status = 'open'";
    CLOSE_ALTERNATIVES = "UPDATE alternatives SET status = $2, decided_at = $3, decided_by = $4 WHERE run_id = $1 AND status = 'open'";

    CLOSE_CREDENTIAL_REQUEST = "UPDATE credential_requests SET status = $3, resolved_at = $4, resolved_by = $5 \
        WHERE run_id = $1 AND tool_run_id = $2 AND status = 'open'";
    READY_TOOL_RUN_OF = "UPDATE tool_runs SET status = 'proposed' WHERE id = $1 AND status = $2";

    // Plans
    INSERT_PLAN_SET = "INSERT INTO plan_sets (id, conversation_id, run_id, message, status, created_at) VALUES ($1, $2, $3, $4, 'proposed', $5)";
    INSERT_PLAN = "INSERT INTO plans (id, plan_set_id, ordinal, steps, confidence, reasoning, missing_vars, pins) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    GET_PLAN = "SELECT p.id, p.plan_set_id, p.steps, p.confidence, p.reasoning, p.missing_vars, p.pins, s.conversation_id, s.run_id, \
        s.status FROM plans p \
        JOIN plan_sets s ON s.id = p.plan_set_id WHERE p.id = $1";
    SELECTED_PLAN = "SELECT p.id, p.plan_set_id, p.steps, p.confidence, p.reasoning, p.missing_vars, p.pins, s.conversation_id, s.run_id, \
        s.status FROM plans p JOIN plan_sets s ON s.selected_plan_id = p.id WHERE s.run_id = $1 AND s.status = 'selected'";
    CALLS_OF_RUN = "SELECT id, message_id, tool_id, status FROM tool_runs WHERE run_id = $1 ORDER BY seq";
    CHOSEN_IN_RUN = "SELECT tool_run_id, chosen FROM alternatives WHERE run_id = $1 AND status = 'chosen' ORDER BY created_at, id";
    DECIDE_PLAN_SET = "UPDATE plan_sets SET status = $2, selected_plan_id = $3, note = $4, decided_at = $5, decided_by = $6 \
        WHERE id = $1 AND status = 'proposed'";
    CLOSE_PLAN_SETS = "UPDATE plan_sets SET status = 'superseded', decided_at = $2, decided_by = $3 WHERE run_id = $1 AND status = 'proposed'";
    LAST_PLAN_SET = "SELECT status, selected_plan_id, note FROM plan_sets WHERE run_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1";

    // Idempotency
    GET_IDEMPOTENT = "SELECT fingerprint, status, response_status, response_headers, response_body, locked_until FROM idempotency_keys \
        WHERE principal = $1 AND key = $2 AND route = $3";
    PUT_IDEMPOTENT = "INSERT INTO idempotency_keys (principal, key, route, fingerprint, response_body, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (principal, key, route) DO NOTHING";
    // The holder of a key that died is followed by the next one that asks, once its time is up.
    LOCK_IDEMPOTENT = "INSERT INTO idempotency_keys (principal, key, route, fingerprint, response_body, created_at, status, locked_until) \
        VALUES ($1, $2, $3, $4, '', $5, 'in_progress', $6) ON CONFLICT (principal, key, route) DO UPDATE \
        SET locked_until = excluded.locked_until WHERE idempotency_keys.status = 'in_progress' \
        AND idempotency_keys.fingerprint = excluded.fingerprint AND idempotency_keys.locked_until < excluded.created_at";
    FINISH_IDEMPOTENT = "UPDATE idempotency_keys SET status = 'done', response_status = $4, response_headers = $5, response_body = $6 \
        WHERE principal = $1 AND key = $2 AND route = $3";
    FREE_IDEMPOTENT = "DELETE FROM idempotency_keys WHERE principal = $1 AND key = $2 AND route = $3 AND status = 'in_progress'";
    EXPIRE_IDEMPOTENT = "DELETE FROM idempotency_keys WHERE created_at < $1";

    // Registry
    PAGE_TOOLS = "SELECT tool, source, runs, failures, failing, CAST(0 AS BIGINT) AS own FROM tools WHERE tool_id > $1 \
        ORDER BY tool_id LIMIT $2";
    GET_TOOLS = "SELECT tool, source, runs, failures, failing, CAST(0 AS BIGINT) AS own FROM tools WHERE tool_id IN \
        ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
        UNION ALL SELECT tool, source, runs, failures, failing, CAST(1 AS BIGINT) AS own FROM own_tools WHERE user_id = $17 \
        AND tool_id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    OWN_TOOLS = "SELECT tool, source, runs, failures, failing, CAST(1 AS BIGINT) AS own FROM own_tools WHERE user_id = $1 \
        ORDER BY tool_id";
    TOOLS_STANDING = "SELECT (SELECT n FROM tool_revisions WHERE id = 1) AS n, COUNT(*) AS own, \
        CAST(COALESCE(MAX(revision), 0) AS BIGINT) AS latest FROM own_tools WHERE user_id = $1";
    NEXT_TOOL_REVISION = "SELECT CAST(COALESCE(MIN(revision), 0) AS BIGINT) AS n FROM tools WHERE revision > $1";
    TOOLS_OF_REVISION = "SELECT tool, source, runs, failures, failing, CAST(0 AS BIGINT) AS own FROM tools WHERE revision = $1";
    COUNT_TOOL_REVISION = "UPDATE tool_revisions SET n = n + 1 WHERE id = 1 RETURNING n";
    PUT_TOOL = "INSERT INTO tools (tool_id, package, tool, source, runs, failures, updated_at, revision) \
        VALUES ($1, $2, $3, $4, 0, 0, $5, $6) ON CONFLICT (tool_id) DO UPDATE \
        SET tool = excluded.tool, source = excluded.source, updated_at = excluded.updated_at, revision = excluded.revision";
    PUT_OWN_TOOL = "INSERT INTO own_tools (tool_id, package, tool, source, runs, failures, updated_at, revision, user_id) \
        VALUES ($1, $2, $3, $4, 0, 0, $5, $6, $7) ON CONFLICT (user_id, tool_id) DO UPDATE \
        SET tool = excluded.tool, source = excluded.source, updated_at = excluded.updated_at, revision = excluded.revision";
    REMOVE_TOOLS = "DELETE FROM tools WHERE package = $1 AND source = 'added' RETURNING tool_id";
    REMOVE_OWN_TOOLS = "DELETE FROM own_tools WHERE package = $1 AND user_id = $2 RETURNING tool_id";
    COUNT_TOOL_OUTCOME = "UPDATE tools SET runs = runs + 1, failures = failures + $2, failing = CASE WHEN $2 = 0 THEN failing \
        WHEN failing = '' THEN $3 WHEN failing = $3 THEN failing ELSE '*' END WHERE tool_id = $1 RETURNING runs, failures";
    COUNT_OWN_TOOL_OUTCOME = "UPDATE own_tools SET runs = runs + 1, failures = failures + $2, failing = CASE WHEN $2 = 0 \
        THEN failing ELSE $3 END WHERE tool_id = $1 AND user_id = $4 RETURNING runs, failures";

    // Audit log
    LOCK_AUDIT_LANE = "UPDATE audit_heads SET n = n WHERE chain = $1 RETURNING chain, n, hash";
    APPEND_AUDIT = "INSERT INTO audit_log (chain, n, id, at, actor_user_id, actor_kind, api_key_id, ip, request_id, action, \
        object_type, object_id, conversation_id, run_id, outcome, detail, prev_hash, hash) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    MOVE_AUDIT_HEAD = "UPDATE audit_heads SET n = $2, hash = $3 WHERE chain = $1 AND n = $4";
    AUDIT_HEADS = "SELECT chain, n, hash FROM audit_heads ORDER BY chain";
    AUDIT_HEAD = "SELECT chain, n, hash FROM audit_heads WHERE chain = $1";
    AUDIT_CHAINS = "SELECT DISTINCT chain FROM (SELECT chain FROM audit_heads UNION SELECT chain FROM audit_log) AS known";
    AUDIT_LINKS = "SELECT chain, n, id, at, actor_user_id, actor_kind, api_key_id, ip, request_id, action, object_type, object_id, \
        conversation_id, run_id, outcome, detail, prev_hash, hash FROM audit_log WHERE chain = $1 AND n > $2 ORDER BY n LIMIT $3";
    AUDIT_LINK_WITH = "SELECT n FROM audit_log WHERE chain = $1 AND hash = $2";
    LAST_AUDIT_LINK = "SELECT n FROM audit_log WHERE chain = $1 ORDER BY n DESC LIMIT 1";
    // Both take the same binds; $1 is empty in the first one.
    LIST_AUDIT = "SELECT chain, n, id, at, actor_user_id, actor_kind, api_key_id, ip, request_id, action, object_type, object_id, \
        conversation_id, run_id, outcome, detail, prev_hash, hash FROM audit_log WHERE $1 = '' \
        AND ($2 = '' OR action = $2 OR SUBSTR(action, 1, CAST($3 AS INTEGER)) = $2 || '.') AND at >= $4 AND at < $5 \
        AND ($6 = '' OR id < $6) ORDER BY id DESC LIMIT $7";
    LIST_AUDIT_OF = "SELECT chain, n, id, at, actor_user_id, actor_kind, api_key_id, ip, request_id, action, object_type, object_id, \
        conversation_id, run_id, outcome, detail, prev_hash, hash FROM audit_log WHERE actor_user_id = $1 \
        AND ($2 = '' OR action = $2 OR SUBSTR(action, 1, CAST($3 AS INTEGER)) = $2 || '.') AND at >= $4 AND at < $5 \
        AND ($6 = '' OR id < $6) ORDER BY id DESC LIMIT $7";

    // Circuit breakers
    LOCK_BREAKER = "INSERT INTO breakers (key, user_id, state, failures, successes, window_started_at, delay_ms, reason, updated_at) \
        VALUES ($1, $3, 'closed', 0, 0, 0, 0, '', $2) ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at \
        RETURNING key, state, failures, successes, window_started_at, opened_at, next_probe_at, delay_ms, probe_owner, reason, \
        failed_for, is_shared";
    PUT_BREAKER = "UPDATE breakers SET state = $2, failures = $3, successes = $4, window_started_at = $5, opened_at = $6, \
        next_probe_at = $7, delay_ms = $8, probe_owner = $9, reason = $10, failed_for = $11, is_shared = $12 WHERE key = $1";
    DELETE_BREAKER = "DELETE FROM breakers WHERE key = $1";
    // Everybody's come first: one user's own, however many, push none of them out.
    OPEN_BREAKERS = "SELECT key, state, failures, successes, window_started_at, opened_at, next_probe_at, delay_ms, probe_owner, reason, \
        failed_for, is_shared FROM breakers WHERE state <> 'closed' \
        ORDER BY CASE WHEN user_id IS NULL THEN 0 ELSE 1 END, key LIMIT 2000";
    FORGET_BREAKERS = "DELETE FROM breakers WHERE (state = 'closed' OR user_id IS NOT NULL) AND updated_at < $1";
}
