//! `omega export --format json` and `omega import`: there and back.

use crate::home::Home;
use omega_core::testing::{Reply, Script, StandIn};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_is_read_back_from_a_file_and_from_stdin() {
    let provider = StandIn::start(Script::new().turn(Reply::text("Four, **surely**."))).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || {
        home.omega(&["ask", "what is 2+2?"]).expect(0);
        let file = home.path().join("conversation.json");
        let file = file.to_str().unwrap();
        home.omega(&["export", "--format", "json", "-o", file]).expect(0);
        let markdown = home.omega(&["export"]).expect(0).stdout;
        let id = home.omega(&["import", file]).expect(0).stdout;
        assert_eq!(id.trim().len(), 36, "{id}");
        // The copy is the one that was used last.
        let copy = home.omega(&["export", id.trim()]).expect(0).stdout;
        let same =
            |text: &str| text.lines().filter(|line| !line.starts_with("## ")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(same(&copy), same(&markdown));
        let text = std::fs::read_to_string(file).unwrap();
        let again = home.omega_with(&["import", "-", "--json"], &text).expect(0).json();
        assert_ne!(again["id"].as_str().unwrap(), id.trim());

        let wrong = home.omega_with(&["import", "-"], "{\"format\": \"else\"}").expect(2);
        assert!(wrong.stderr.contains("format") && wrong.stderr.contains("else"), "{}", wrong.stderr);
        let empty = home.omega_with(&["import", "-"], "\n").expect(2);
        assert!(empty.stderr.contains("omega export --format json"), "{}", empty.stderr);
        home.omega(&["import", "/nowhere/at/all"]).expect(2);
    })
    .await
    .unwrap();
}
