//! Statistics by SQL: sums over a time, each found by an index on when things began.
//!
//! What happened elsewhere is not counted: a conversation that came in as a document has `imported_seq`, and of it counts
//! what came after. A call of a tool is one that began; searching the registry is none.

use super::{Result, Store, Tx, pauses::PATIENCE_MILLIS, rows::number, tx_all, tx_opt};
use crate::domain::{boxed, row::row};
use omega_core::{
    api::{
        CallStats, ConversationStats, FeedbackStats, ModelStats, RunStats, Stats, StatsBucket, StatsScope, Timestamp,
        ToolStats, Usage, UsageStats,
    },
    id::UserId,
};
use std::collections::HashMap;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
/// How long the parts of a series may be.
const BUCKETS_MS: [i64; 7] = [MINUTE_MS, 60 * MINUTE_MS, DAY_MS, WEEK_MS, 4 * WEEK_MS, 52 * WEEK_MS, 520 * WEEK_MS];
/// Parts of a series at most: what fits into a line.
const MOST_BUCKETS: i64 = 64;
/// Who waits longer than this has been left alone.
const ABANDONED_MS: i64 = DAY_MS;

/// Which work is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsQuery {
    /// Whose conversations; nobody for all of them.
    pub of: Option<UserId>,
    pub since: Timestamp,
    pub until: Timestamp,
}

row! {
    struct ConversationRow {
        created: i64,
        with_tool: i64,
    }
}

row! {
    struct RunRow {
        status: String,
        n: i64,
        abandoned: i64,
    }
}

row! {
    struct CallRow {
        name: String,
        calls: i64,
        succeeded: i64,
        failed: i64,
        mean_ms: Option<i64>,
        conversations: i64,
    }
}

row! {
    struct UsageRow {
        model: String,
        answers: i64,
        input_tokens: i64,
        output_tokens: i64,
        cached_input_tokens: i64,
        cache_write_tokens: i64,
        reasoning_tokens: i64,
        cost_micros: i64,
        unpriced_tokens: i64,
    }
}

row! {
    struct FeedbackRow {
        good: i64,
        bad: i64,
        felt_real: i64,
        felt_unreal: i64,
    }
}

row! {
    /// Two sums of one part of the time.
    struct BucketRow {
        bucket: i64,
        n: i64,
        m: i64,
    }
}

/// A statement's binds: from when, until when, whose.
struct Window {
    since: i64,
    until: i64,
    of: String,
}

impl Store {
    /// How the server worked in a time, all of one moment.
    #[boxed]
    pub async fn stats(&self, query: &StatsQuery) -> Result<Stats> {
        let of = query.of.map(|user| user.to_string()).unwrap_or_default();
        let window = Window { since: query.since.0, until: query.until.0, of };
        let mut tx = self.begin_read().await?;
        let tools = calls(&mut tx, CALLS, &window).await?.pop();
        let (all, conversations_with) = tools.unwrap_or_default();
        let most_called = calls(&mut tx, CALLS_BY_TOOL, &window).await?.into_iter().map(|(stats, _)| stats).collect();
        let executors = calls(&mut tx, CALLS_BY_EXECUTOR, &window).await?.into_iter().map(|(stats, _)| stats).collect();
        let conversations = conversations(&mut tx, &window, (all.calls, conversations_with)).await?;
        let runs = runs(&mut tx, &window).await?;
        let models = usage(&mut tx, USAGE_BY_MODEL, &window).await?;
        let usage = usage(&mut tx, USAGE, &window).await?.pop().map(|all| all.usage).unwrap_or_default();
        let feedback = feedback(&mut tx, &window).await?;
        let bucket = bucket_of(window.until - window.since);
        let series = series(&mut tx, &window, bucket).await?;
        tx.commit().await?;
        Ok(Stats {
            scope: if query.of.is_some() { StatsScope::Own } else { StatsScope::Server },
            since: query.since,
            until: query.until,
            conversations,
            runs,
            tools: ToolStats { all, most_called },
            executors,
            usage: UsageStats { all: usage, models },
            feedback,
            bucket_ms: number(bucket),
            series,
        })
    }
}

/// The length of a series' parts over this time.
fn bucket_of(window: i64) -> i64 {
    let fits = |bucket: &i64| parts_of(window, *bucket) <= MOST_BUCKETS;
    BUCKETS_MS.into_iter().find(fits).unwrap_or(window / MOST_BUCKETS)
}

/// How many parts of this length there are; what is left over is the first one's, or one more if it is at least half of one.
fn parts_of(window: i64, bucket: i64) -> i64 {
    (window.saturating_add(bucket / 2) / bucket).max(1)
}

fn share(part: u64, whole: u64) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "a share of counts")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

async fn conversations(tx: &mut Tx, window: &Window, calls: (u64, u64)) -> Result<ConversationStats> {
    let (since, until, of) = (window.since, window.until, &window.of);
    let row: Option<ConversationRow> = tx_opt!(&mut *tx, ConversationRow, CONVERSATIONS, since, until, of)?;
    let first: Option<(i64,)> = tx_opt!(&mut *tx, (i64,), MEDIAN_FIRST_CALL, since, until, of)?;
    let (created, with_tool) = row.map_or((0, 0), |row| (number(row.created), number(row.with_tool)));
    #[allow(clippy::cast_precision_loss, reason = "a rate of counts")]
    let per_week = created as f64 * WEEK_MS as f64 / (until - since).max(1) as f64;
    Ok(ConversationStats {
        created,
        per_week,
        with_tool,
        with_tool_share: share(with_tool, created),
        median_first_tool_ms: first.map(|(wait,)| number(wait)),
        tool_calls_each: share(calls.0, calls.1),
    })
}

async fn runs(tx: &mut Tx, window: &Window) -> Result<RunStats> {
    let (since, until, of) = (window.since, window.until, &window.of);
    // When a run was paused stands in when that ends.
    let left_alone = until - ABANDONED_MS + PATIENCE_MILLIS;
    let rows: Vec<RunRow> = tx_all!(&mut *tx, RunRow, RUNS_BY_STATUS, since, until, of, left_alone)?;
    let mut stats = RunStats::default();
    for row in rows {
        let (n, abandoned) = (number(row.n), number(row.abandoned));
        stats.total += n;
        stats.abandoned += abandoned;
        match row.status.as_str() {
            "completed" => stats.completed += n,
            "failed" => stats.failed += n,
            "cancelled" => stats.cancelled += n,
            _ => stats.open += n - abandoned,
        }
    }
    let ended = stats.completed + stats.failed + stats.cancelled + stats.abandoned;
    stats.completion_rate = share(stats.completed, ended);
    Ok(stats)
}

/// Calls, and in how many conversations they were made.
async fn calls(tx: &mut Tx, sql: &'static str, window: &Window) -> Result<Vec<(CallStats, u64)>> {
    let (since, until, of) = (window.since, window.until, &window.of);
    let rows: Vec<CallRow> = tx_all!(&mut *tx, CallRow, sql, since, until, of)?;
    let read = |row: CallRow| {
        let (succeeded, failed) = (number(row.succeeded), number(row.failed));
        let stats = CallStats {
            name: row.name,
            calls: number(row.calls),
            succeeded,
            failed,
            success_rate: share(succeeded, succeeded + failed),
            mean_ms: row.mean_ms.map(number),
        };
        (stats, number(row.conversations))
    };
    Ok(rows.into_iter().map(read).collect())
}

async fn usage(tx: &mut Tx, sql: &'static str, window: &Window) -> Result<Vec<ModelStats>> {
    let (since, until, of) = (window.since, window.until, &window.of);
    let rows: Vec<UsageRow> = tx_all!(&mut *tx, UsageRow, sql, since, until, of)?;
    let read = |row: UsageRow| ModelStats {
        model: row.model,
        answers: number(row.answers),
        usage: Usage {
            input_tokens: number(row.input_tokens),
            output_tokens: number(row.output_tokens),
            cached_input_tokens: number(row.cached_input_tokens),
            cache_write_tokens: number(row.cache_write_tokens),
            reasoning_tokens: number(row.reasoning_tokens),
            cost_micros: number(row.cost_micros),
            unpriced_tokens: number(row.unpriced_tokens),
        },
    };
    Ok(rows.into_iter().map(read).collect())
}

async fn feedback(tx: &mut Tx, window: &Window) -> Result<FeedbackStats> {
    let (since, until, of) = (window.since, window.until, &window.of);
    let row: Option<FeedbackRow> = tx_opt!(&mut *tx, FeedbackRow, FEEDBACK, since, until, of)?;
    let Some(row) = row else { return Ok(FeedbackStats::default()) };
    let (felt_real, felt_unreal) = (number(row.felt_real), number(row.felt_unreal));
    Ok(FeedbackStats {
        good: number(row.good),
        bad: number(row.bad),
        felt_real,
        felt_unreal,
        felt_real_share: share(felt_real, felt_real + felt_unreal),
    })
}

async fn series(tx: &mut Tx, window: &Window, bucket: i64) -> Result<Vec<StatsBucket>> {
    let (since, until, of) = (window.since, window.until, &window.of);
    let parts = parts_of(until - since, bucket);
    // They are counted from the end, so that the newest one is whole; the first takes what is left.
    let begun = |part: i64| StatsBucket {
        at: Timestamp(if part == 0 { since } else { until - (parts - part) * bucket }),
        ..StatsBucket::default()
    };
    let mut series: Vec<StatsBucket> = (0..parts).map(begun).collect();
    let mut sums: HashMap<&str, Vec<BucketRow>> = HashMap::new();
    for sql in [CONVERSATIONS_BY_TIME, RUNS_BY_TIME, CALLS_BY_TIME, USAGE_BY_TIME] {
        sums.insert(sql, tx_all!(&mut *tx, BucketRow, sql, since, until, of, bucket)?);
    }
    let mut put = |sql: &str, put: &dyn Fn(&mut StatsBucket, u64, u64)| {
        for row in sums.remove(sql).unwrap_or_default() {
            if let Some(part) = usize::try_from((parts - 1 - row.bucket).max(0)).ok().and_then(|at| series.get_mut(at))
            {
                put(part, number(row.n), number(row.m));
            }
        }
    };
    put(CONVERSATIONS_BY_TIME, &|part, n, _| part.conversations += n);
    put(RUNS_BY_TIME, &|part, n, completed| {
        part.runs += n;
        part.completed += completed;
    });
    put(CALLS_BY_TIME, &|part, n, failed| {
        part.tool_calls += n;
        part.tool_failures += failed;
    });
    put(USAGE_BY_TIME, &|part, n, cost| {
        part.tokens += n;
        part.cost_micros += cost;
    });
    Ok(series)
}

super::sql::statements! {
    CONVERSATIONS = "SELECT COUNT(*) AS created, CAST(COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM tool_runs t \
        WHERE t.conversation_id = c.id AND t.started_at IS NOT NULL AND t.tool_id LIKE '%::%') THEN 1 ELSE 0 END), 0) AS BIGINT) \
        AS with_tool FROM conversations c WHERE c.created_at >= $1 AND c.created_at < $2 AND ($3 = '' OR c.owner_id = $3) \
        AND c.imported_seq = 0";
    // Without a GROUP BY, which would go through all conversations there are.
    MEDIAN_FIRST_CALL = "SELECT wait FROM (SELECT wait, ROW_NUMBER() OVER (ORDER BY wait) AS place, COUNT(*) OVER () AS of_all \
        FROM (SELECT (SELECT MIN(t.started_at) FROM tool_runs t WHERE t.conversation_id = c.id AND t.started_at IS NOT NULL \
        AND t.tool_id LIKE '%::%') - (SELECT MIN(r.queued_at) FROM runs r WHERE r.conversation_id = c.id) AS wait \
        FROM conversations c WHERE c.created_at >= $1 AND c.created_at < $2 AND ($3 = '' OR c.owner_id = $3) \
        AND c.imported_seq = 0) AS waits WHERE wait IS NOT NULL) AS ordered WHERE place = (of_all + 1) / 2";
    RUNS_BY_STATUS = "SELECT r.status, COUNT(*) AS n, CAST(SUM(CASE WHEN r.status = 'paused' AND r.pause_expires_at < $4 THEN 1 \
        ELSE 0 END) AS BIGINT) AS abandoned FROM runs r JOIN conversations c ON c.id = r.conversation_id \
        WHERE r.queued_at >= $1 AND r.queued_at < $2 AND ($3 = '' OR c.owner_id = $3) AND r.queued_seq > c.imported_seq \
        GROUP BY r.status";
    CALLS = "SELECT '' AS name, COUNT(*) AS calls, CAST(COALESCE(SUM(CASE WHEN t.status = 'succeeded' THEN 1 ELSE 0 END), 0) AS BIGINT) \
        AS succeeded, CAST(COALESCE(SUM(CASE WHEN t.status IN ('failed', 'timed_out', 'unknown') THEN 1 ELSE 0 END), 0) AS BIGINT) \
        AS failed, CAST(AVG(t.duration_ms) AS BIGINT) AS mean_ms, COUNT(DISTINCT t.conversation_id) AS conversations \
        FROM tool_runs t JOIN conversations c ON c.id = t.conversation_id WHERE t.created_at >= $1 AND t.created_at < $2 \
        AND ($3 = '' OR c.owner_id = $3) AND t.started_at IS NOT NULL AND t.tool_id LIKE '%::%' AND t.seq > c.imported_seq";
    CALLS_BY_TOOL = "SELECT t.tool_id AS name, COUNT(*) AS calls, \
        CAST(SUM(CASE WHEN t.status = 'succeeded' THEN 1 ELSE 0 END) AS BIGINT) AS succeeded, \
        CAST(SUM(CASE WHEN t.status IN ('failed', 'timed_out', 'unknown') THEN 1 ELSE 0 END) AS BIGINT) AS failed, \
        CAST(AVG(t.duration_ms) AS BIGINT) AS mean_ms, CAST(0 AS BIGINT) AS conversations \
        FROM tool_runs t JOIN conversations c ON c.id = t.conversation_id WHERE t.created_at >= $1 AND t.created_at < $2 \
        AND ($3 = '' OR c.owner_id = $3) AND t.started_at IS NOT NULL AND t.tool_id LIKE '%::%' AND t.seq > c.imported_seq \
        GROUP BY t.tool_id ORDER BY calls DESC, t.tool_id LIMIT 20";
    CALLS_BY_EXECUTOR = "SELECT t.executor AS name, COUNT(*) AS calls, \
        CAST(SUM(CASE WHEN t.status = 'succeeded' THEN 1 ELSE 0 END) AS BIGINT) AS succeeded, \
        CAST(SUM(CASE WHEN t.status IN ('failed', 'timed_out', 'unknown') THEN 1 ELSE 0 END) AS BIGINT) AS failed, \
        CAST(AVG(t.duration_ms) AS BIGINT) AS mean_ms, CAST(0 AS BIGINT) AS conversations \
        FROM tool_runs t JOIN conversations c ON c.id = t.conversation_id WHERE t.created_at >= $1 AND t.created_at < $2 \
        AND ($3 = '' OR c.owner_id = $3) AND t.executor IS NOT NULL \
        GROUP BY t.executor ORDER BY calls DESC, t.executor LIMIT 50";
    USAGE = "SELECT '' AS model, COUNT(*) AS answers, CAST(COALESCE(SUM(u.input_tokens), 0) AS BIGINT) AS input_tokens, \
        CAST(COALESCE(SUM(u.output_tokens), 0) AS BIGINT) AS output_tokens, \
        CAST(COALESCE(SUM(u.cached_input_tokens), 0) AS BIGINT) AS cached_input_tokens, \
        CAST(COALESCE(SUM(u.cache_write_tokens), 0) AS BIGINT) AS cache_write_tokens, \
        CAST(COALESCE(SUM(u.reasoning_tokens), 0) AS BIGINT) AS reasoning_tokens, \
        CAST(COALESCE(SUM(u.cost_micros), 0) AS BIGINT) AS cost_micros, \
        CAST(COALESCE(SUM(u.unpriced_tokens), 0) AS BIGINT) AS unpriced_tokens \
        FROM token_usage u JOIN conversations c ON c.id = u.conversation_id WHERE u.at >= $1 AND u.at < $2 \
        AND ($3 = '' OR c.owner_id = $3)";
    USAGE_BY_MODEL = "SELECT u.model, COUNT(*) AS answers, CAST(SUM(u.input_tokens) AS BIGINT) AS input_tokens, \
        CAST(SUM(u.output_tokens) AS BIGINT) AS output_tokens, CAST(SUM(u.cached_input_tokens) AS BIGINT) AS cached_input_tokens, \
        CAST(SUM(u.cache_write_tokens) AS BIGINT) AS cache_write_tokens, CAST(SUM(u.reasoning_tokens) AS BIGINT) AS reasoning_tokens, \
        CAST(SUM(u.cost_micros) AS BIGINT) AS cost_micros, CAST(SUM(u.unpriced_tokens) AS BIGINT) AS unpriced_tokens \
        FROM token_usage u JOIN conversations c ON c.id = u.conversation_id WHERE u.at >= $1 AND u.at < $2 \
        AND ($3 = '' OR c.owner_id = $3) GROUP BY u.model \
        ORDER BY SUM(u.cost_micros) DESC, SUM(u.input_tokens + u.output_tokens) DESC, u.model LIMIT 20";
    FEEDBACK = "SELECT CAST(COALESCE(SUM(CASE WHEN f.rating = 'good' THEN 1 ELSE 0 END), 0) AS BIGINT) AS good, \
        CAST(COALESCE(SUM(CASE WHEN f.rating = 'bad' THEN 1 ELSE 0 END), 0) AS BIGINT) AS bad, \
        CAST(COALESCE(SUM(CASE WHEN f.felt_real THEN 1 ELSE 0 END), 0) AS BIGINT) AS felt_real, \
        CAST(COALESCE(SUM(CASE WHEN NOT f.felt_real THEN 1 ELSE 0 END), 0) AS BIGINT) AS felt_unreal \
        FROM feedback f JOIN conversations c ON c.id = f.conversation_id WHERE f.created_at >= $1 AND f.created_at < $2 \
        AND ($3 = '' OR c.owner_id = $3) AND f.seq > c.imported_seq";
    CONVERSATIONS_BY_TIME = "SELECT ($2 - 1 - c.created_at) / $4 AS bucket, COUNT(*) AS n, CAST(0 AS BIGINT) AS m FROM conversations c \
        WHERE c.created_at >= $1 AND c.created_at < $2 AND ($3 = '' OR c.owner_id = $3) AND c.imported_seq = 0 GROUP BY 1";
    RUNS_BY_TIME = "SELECT ($2 - 1 - r.queued_at) / $4 AS bucket, COUNT(*) AS n, \
        CAST(SUM(CASE WHEN r.status = 'completed' THEN 1 ELSE 0 END) AS BIGINT) AS m \
        FROM runs r JOIN conversations c ON c.id = r.conversation_id WHERE r.queued_at >= $1 AND r.queued_at < $2 \
        AND ($3 = '' OR c.owner_id = $3) AND r.queued_seq > c.imported_seq GROUP BY 1";
    CALLS_BY_TIME = "SELECT ($2 - 1 - t.created_at) / $4 AS bucket, COUNT(*) AS n, \
        CAST(SUM(CASE WHEN t.status IN ('failed', 'timed_out', 'unknown') THEN 1 ELSE 0 END) AS BIGINT) AS m \
        FROM tool_runs t JOIN conversations c ON c.id = t.conversation_id WHERE t.created_at >= $1 AND t.created_at < $2 \
        AND ($3 = '' OR c.owner_id = $3) AND t.started_at IS NOT NULL AND t.tool_id LIKE '%::%' AND t.seq > c.imported_seq GROUP BY 1";
    USAGE_BY_TIME = "SELECT ($2 - 1 - u.at) / $4 AS bucket, CAST(SUM(u.input_tokens + u.output_tokens) AS BIGINT) AS n, \
        CAST(SUM(u.cost_micros) AS BIGINT) AS m FROM token_usage u JOIN conversations c ON c.id = u.conversation_id \
        WHERE u.at >= $1 AND u.at < $2 AND ($3 = '' OR c.owner_id = $3) GROUP BY 1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_parts_of_a_length_that_people_name_and_fits_into_a_line() {
        for (window, bucket, parts) in [
            (60 * MINUTE_MS, MINUTE_MS, 60),
            (DAY_MS, 60 * MINUTE_MS, 24),
            (WEEK_MS, DAY_MS, 7),
            (30 * DAY_MS, DAY_MS, 30),
            (90 * DAY_MS, WEEK_MS, 13),
            (365 * DAY_MS, WEEK_MS, 52),
            (WEEK_MS + 5, DAY_MS, 7),
            (i64::MAX / 2, i64::MAX / 2 / 64, 64),
            (1, MINUTE_MS, 1),
        ] {
            assert_eq!((bucket_of(window), parts_of(window, bucket)), (bucket, parts), "{window}");
        }
    }
}
