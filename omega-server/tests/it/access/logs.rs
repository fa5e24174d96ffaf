//! The access log: no id of a conversation stands in it, known or guessed, since an id may open something (T10).

use crate::harness::{executor::Tools, folder, process, process::Process};
use omega_core::testing::{Script, StandIn};
use std::process::Stdio;

#[tokio::test]
async fn no_id_of_a_conversation_stands_in_the_log_and_guesses_are_counted() {
    let folder = folder();
    let (provider, tools) = (StandIn::start(Script::new()).await, Tools::start().await);
    let path = folder.path().join("log");
    let mut command = process::command(folder.path(), &provider, &tools);
    command.env("OMEGA_LOG", "debug,sqlx=warn,hyper=warn").stderr(Stdio::from(std::fs::File::create(&path).unwrap()));
    let server = Process::start(command, None).await;
    let conversation = server.client.create_conversation(&<_>::default()).await.unwrap().id;
    server.client.conversation(conversation).await.unwrap();
    let replaced = server.client.rotate_link(conversation).await.unwrap();
    let link = replaced.url.rsplit('/').next().unwrap().to_owned();
    let guesses: Vec<_> = (0..3).map(|_| omega_core::id::ConversationId::new()).collect();
    for guess in &guesses {
        assert!(server.client.conversation(*guess).await.is_err());
    }
    server.kill().await;
    let log = std::fs::read_to_string(path).unwrap();
    assert!(log.contains("http.request") && log.contains("/api/omega/conversations/{id}"), "{log}");
    for id in guesses.iter().map(ToString::to_string).chain([conversation.to_string(), link]) {
        assert!(!log.contains(&id), "{id} is in the log");
    }
    let guessed: Vec<&str> = log.lines().filter(|line| line.contains("access.guess")).collect();
    assert_eq!(guessed.len(), 3, "{log}");
    assert!(guessed[2].contains(r#""guesses":3"#) && guessed[2].contains("id_hash"), "{}", guessed[2]);
    for (guess, line) in guesses.iter().zip(&guessed) {
        assert!(line.contains(&omega_engine::store::access::hashed(&guess.to_string())), "{line}");
    }
}
