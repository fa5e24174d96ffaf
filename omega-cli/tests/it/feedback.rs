//! `omega feedback`: what a person says of an answer, and where it is seen.

use crate::home::Home;
use omega_core::testing::{Reply, Script, StandIn};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_rated_where_it_was_given_and_the_word_is_taken_back() {
    let provider = StandIn::start(Script::new().turn(Reply::text("Hello.")).turn(Reply::text("And again."))).await;
    let home = Home::new().provider(provider.url());
    let test = move || {
        home.omega(&["ask", "hi"]).expect(0);
        let noted = home.omega(&["feedback", "good", "--felt-real", "--comment", "Just\nright"]).expect(0);
        assert!(noted.stderr.contains("Noted: good, it felt like a real agent."), "{}", noted.stderr);
        assert_eq!(noted.stdout, "");
        let said = home.omega(&["feedback", "bad", "--felt-real=no", "--json"]).expect(0).json();
        assert_eq!((said["rating"].as_str(), said["feltReal"].as_bool()), (Some("bad"), Some(false)));
        let list = home.omega(&["feedback"]).expect(0).stdout;
        assert!(list.ends_with("bad, it did not feel like a real agent\n"), "one word a person: {list}");
        let shown = home.omega(&["show"]).expect(0).stdout;
        assert!(shown.contains(":* bad · did not feel like a real agent"), "{shown}");

        // Another answer than the newest, by a message of it.
        home.omega(&["ask", "--continue", "again"]).expect(0);
        let detail = home.omega(&["show", "--json"]).expect(0).json();
        let first = detail["messages"][1]["id"].as_str().unwrap();
        let by_message = home.omega(&["feedback", "good", "--answer", first, "--json"]).expect(0).json();
        assert_eq!(by_message["runId"], said["runId"]);
        home.omega(&["feedback", "remove", "--answer", said["runId"].as_str().unwrap()]).expect(0);
        home.omega(&["feedback", "remove"]).expect(0);
        assert_eq!(home.omega(&["feedback", "list", "--json"]).expect(0).stdout, "[]\n");
        home.omega(&["feedback", "good", "--answer", "nonsense"]).expect(2);
        home.omega(&["feedback", "great"]).expect(2);
    };
    tokio::task::spawn_blocking(test).await.unwrap();
}
