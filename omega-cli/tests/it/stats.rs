//! `omega stats`: figures for a person and for a script.

use crate::home::Home;
use omega_core::testing::{Reply, Script, StandIn};

#[tokio::test(flavor = "multi_thread")]
async fn statistics_are_lines_for_a_script_and_json_for_a_program() {
    let provider = StandIn::start(Script::new().turn(Reply::text("Hello.").usage(12_000, 30))).await;
    let home = Home::new().provider(provider.url());
    let test = move || {
        home.omega(&["ask", "hi"]).expect(0);
        home.omega(&["feedback", "good", "--felt-real"]).expect(0);
        let shown = home.omega(&["stats", "--since", "24h"]).expect(0);
        assert!(shown.stderr.contains("the whole server, from "), "{}", shown.stderr);
        for line in
            ["conversations  1  │", "runs  1  │", "100 % answered", "1 good, 0 bad · 100 % felt like a real agent"]
        {
            assert!(shown.stdout.contains(line), "{line}: {}", shown.stdout);
        }
        let runs = shown.stdout.lines().find(|line| line.starts_with("runs  ")).unwrap();
        assert!(runs.contains("█│"), "the newest part is the last: {runs}");
        assert!(shown.stdout.lines().any(|line| line.starts_with("models  ")), "{}", shown.stdout);
        let json = home.omega(&["stats", "--json"]).expect(0).json();
        assert_eq!((json["runs"]["completed"].as_u64(), json["scope"].as_str()), (Some(1), Some("server")));
        assert_eq!(json["series"].as_array().unwrap().len(), 7, "a part each day");
        let of = |time: &[&str]| {
            home.omega(&[&["stats", "--json"], time].concat()).expect(0).json()["runs"]["total"].as_u64()
        };
        assert_eq!(of(&["--since", "2020-01-01", "--until", "2020-02-01"]), Some(0));
        assert_eq!(of(&["--since", "2020-01-01", "--until", "0s"]), Some(1));
        let turned = home.omega(&["stats", "--since", "1h", "--until", "2020-01-01"]).expect(2);
        assert!(turned.stderr.contains("there is no time from "), "{}", turned.stderr);
        home.omega(&["stats", "--since", "0s"]).expect(2);
        home.omega(&["stats", "--since", "yesterday"]).expect(2);
    };
    tokio::task::spawn_blocking(test).await.unwrap();
}
