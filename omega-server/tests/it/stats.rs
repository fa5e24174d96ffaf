//! Statistics: what a known past comes to, whose it is, and that asking for a week does not read the years before.

use crate::harness::{
    MODELS, Omega, execute,
    executor::id,
    folder,
    people::Person,
    postgres::Postgres,
    refusals::{code, refused},
};
use omega_core::{
    api::{CallStats, GiveFeedback, Rating, Stats, StatsScope, Timestamp},
    client::{Client, ExportFormat},
    registry::meta::{EXECUTE, SEARCH},
    testing::{Reply, Script},
};
use omega_engine::store::statements;
use reqwest::Method;
use serde_json::json;
use sqlx::{ConnectOptions, Connection, Row, sqlite::SqliteConnectOptions};

const HOUR_MS: i64 = 3_600_000;

fn script() -> Script {
    let call = |tool: &str, input| Reply::call(EXECUTE, execute(&id(tool), input));
    let working =
        call("acmeWeather", json!({ "city": "Oslo" })).and_call(EXECUTE, execute(&id("acmeBroken"), json!({})));
    let searching = Reply::call(SEARCH, json!({ "query": "weather" })).usage(10, 1);
    Script::new()
        .when(
            |seen| seen.users.last().is_some_and(|said| said == "work"),
            [working.usage(1_000, 100), Reply::text("21.").usage(2_000, 200)],
        )
        .when(
            |seen| seen.users.last().is_some_and(|said| said == "search"),
            [searching, Reply::text("Found.").usage(20, 2)],
        )
        .turn(Reply::text("Hello.").usage(5, 1))
}

async fn last_hour(client: &Client) -> Stats {
    client.stats(Timestamp(Timestamp::now().0 - HOUR_MS)).await.unwrap()
}

fn calls(stats: &CallStats) -> (&str, u64, u64, u64, Option<f64>) {
    (stats.name.as_str(), stats.calls, stats.succeeded, stats.failed, stats.success_rate)
}

#[tokio::test]
async fn a_known_past_comes_to_known_figures_on_both_engines() {
    let cluster = Postgres::start();
    let mut omegas = vec![Omega::start(script()).await];
    if let Some(cluster) = &cluster {
        omegas.push(Omega::start_on(cluster.url.clone(), folder(), script()).await);
    }
    for omega in &omegas {
        let empty = last_hour(&omega.client).await;
        assert_eq!((empty.conversations.created, empty.conversations.with_tool_share), (0, None));
        assert_eq!((empty.runs.completion_rate, empty.feedback.felt_real_share), (None, None), "nothing of nothing");

        let worked = omega.ask(MODELS[0], "work").await;
        omega.ask_in(worked.conversation, "search").await;
        omega.ask(MODELS[0], "search").await;
        let refused = omega.ask("groq/nobody-listens", "hi").await;
        let run = worked.log.0[0].run_id.unwrap();
        let said = GiveFeedback { rating: Rating::Good, felt_real: Some(true), comment: None };
        omega.client.give_feedback(run, &said).await.unwrap();
        let other = GiveFeedback { rating: Rating::Bad, felt_real: None, comment: None };
        omega.client.give_feedback(refused.log.0[0].run_id.unwrap(), &other).await.unwrap();

        let stats = last_hour(&omega.client).await;
        let conversations = stats.conversations;
        assert_eq!((stats.scope, conversations.created, conversations.with_tool), (StatsScope::Server, 3, 1));
        assert!((conversations.with_tool_share.unwrap() - 1.0 / 3.0).abs() < 1e-9, "a search is no call of a tool");
        assert!(conversations.per_week > 3.0 && conversations.median_first_tool_ms.is_some());
        assert_eq!(conversations.tool_calls_each, Some(2.0));
        let runs = stats.runs;
        assert_eq!((runs.total, runs.completed, runs.failed, runs.open), (4, 3, 1, 0));
        assert_eq!(runs.completion_rate, Some(0.75));
        assert_eq!(calls(&stats.tools.all), ("", 2, 1, 1, Some(0.5)));
        let (broken, weather) = (id("acmeBroken"), id("acmeWeather"));
        let by_tool: Vec<_> = stats.tools.most_called.iter().map(calls).collect();
        let expected = [(broken.as_str(), 1, 0, 1, Some(0.0)), (weather.as_str(), 1, 1, 0, Some(1.0))];
        assert_eq!(by_tool, expected);
        let place = omega.tools.url.split("//").nth(1).unwrap().trim_end_matches('/');
        let by_executor: Vec<_> = stats.executors.iter().map(calls).collect();
        assert_eq!(by_executor.len(), 1, "{by_executor:?}");
        assert!(place.starts_with(by_executor[0].0), "{place}: {by_executor:?}");
        assert_eq!(by_executor[0].1, 2);
        let usage = stats.usage.all;
        assert_eq!((usage.input_tokens, usage.output_tokens), (3_060, 306), "of all runs, and of nothing twice");
        let models: Vec<_> = stats.usage.models.iter().map(|it| (it.model.as_str(), it.usage.input_tokens)).collect();
        assert_eq!(models, [(MODELS[0], 3_060)]);
        let feedback = stats.feedback;
        assert_eq!((feedback.good, feedback.bad, feedback.felt_real_share), (1, 1, Some(1.0)));
        let sum = |of: fn(&omega_core::api::StatsBucket) -> u64| stats.series.iter().map(of).sum::<u64>();
        assert_eq!((stats.bucket_ms, stats.series.len()), (60_000, 60), "a part each minute");
        assert_eq!((sum(|it| it.conversations), sum(|it| it.runs), sum(|it| it.completed)), (3, 4, 3));
        assert_eq!((sum(|it| it.tool_calls), sum(|it| it.tool_failures), sum(|it| it.tokens)), (2, 1, 3_366));

        // What happened elsewhere is not counted; what is said in the copy from then on is.
        let document = omega.client.export(worked.conversation, ExportFormat::Json).await.unwrap();
        let copy = omega.client.import_conversation(document.into_bytes()).await.unwrap().id;
        let with_copy = last_hour(&omega.client).await;
        let figures = |it: &Stats| (it.conversations.created, it.runs.total, it.tools.all.calls, it.feedback.good);
        assert_eq!(figures(&with_copy), figures(&stats));
        assert_eq!(with_copy.usage, stats.usage);
        omega.ask_in(copy, "hi").await;
        assert_eq!(last_hour(&omega.client).await.runs.total, 5);

        // Others see their own.
        let guest = Person::new(omega, "Grace", None).await;
        let own = last_hour(&guest.client).await;
        assert_eq!((own.scope, figures(&own), own.usage.all.input_tokens), (StatsScope::Own, (0, 0, 0, 0), 0));
    }
}

#[tokio::test]
async fn a_time_that_is_none_is_refused() {
    let omega = Omega::start(Script::new()).await;
    for query in [
        "since=yesterday",
        "since=2030-01-01T00:00:00Z",
        "until=2020-01-01T00:00:00Z&since=2020-01-01T00:00:00Z",
        "of=me",
    ] {
        let request = omega.request(Method::GET, &format!("/api/omega/stats?{query}"));
        assert_eq!(refused(request).await, code(422, "INVALID_INPUT"), "{query}");
    }
    let long = omega.request(Method::GET, "/api/omega/stats?since=1970-01-01T00:00:00Z").send().await.unwrap();
    assert_eq!(long.status(), 200);
}

#[tokio::test]
async fn what_is_asked_of_a_time_reads_that_time_alone() {
    let omega = Omega::start(Script::new()).await;
    let path = omega.database.strip_prefix("sqlite:").unwrap();
    let mut database = SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap();
    let by_time = ["conversations_created", "runs_queued", "tool_runs_created", "token_usage_at", "feedback_created"];
    let mut seen = 0;
    for (name, text) in statements::all().filter(|(_, text)| text.contains(" >= $1 AND ") && text.contains("($3 = ''"))
    {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")));
        let plan = plan.bind(0_i64).bind(1_i64).bind("").bind(1_i64).fetch_all(&mut database).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get::<String, _>("detail")).collect();
        assert!(steps.iter().any(|step| by_time.iter().any(|index| step.contains(index))), "{name}: {steps:?}");
        let whole =
            |step: &&String| step.starts_with("SCAN ") && step.split(' ').nth(1).is_some_and(|it| it.len() == 1);
        assert_eq!(steps.iter().find(whole), None, "{name} reads a whole table");
        seen += 1;
    }
    assert!(seen >= 12, "{seen} statements");
    database.close().await.unwrap();
}
