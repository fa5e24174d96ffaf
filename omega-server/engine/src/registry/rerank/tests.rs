//! Reranking over a real database; what needs the model is left out where there is none (`OMEGA_TEST_MODEL`, a folder).

use super::{vectors::key_of, *};
use crate::registry::{
    Source, StoredTool, catalogue,
    tests::{Fixture, fixture, found},
};
use omega_search::encoder::{VOCABULARY, WEIGHTS};
use std::{fs, path::PathBuf};

const QUERY: &str = "turn my markdown into html";

fn model() -> Option<PathBuf> {
    std::env::var_os("OMEGA_TEST_MODEL").map(PathBuf::from)
}

async fn until(what: impl AsyncFn() -> bool) {
    for _ in 0..6_000 {
        if what().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came");
}

#[tokio::test]
async fn without_a_model_or_with_one_that_is_none_the_words_decide() {
    let before = found(&fixture().await.registry, QUERY).await;
    let folder = tempfile::tempdir().unwrap();
    let with = fixture().await;
    with.registry.use_model(&folder.path().join("nothing"));
    assert_eq!(found(&with.registry, QUERY).await, before);
    assert_eq!((with.registry.index.rerank.depth(5), with.registry.status().detail), (5, None));

    fs::write(folder.path().join(VOCABULARY), "{}").unwrap();
    fs::write(folder.path().join(WEIGHTS), "{}").unwrap();
    let with = fixture().await;
    with.registry.use_model(folder.path());
    until(async || with.registry.status().detail.is_some()).await;
    let status = with.registry.status();
    assert_eq!(status.status, "ok");
    assert!(status.detail.unwrap().starts_with("search goes by words alone: "));
    assert_eq!(found(&with.registry, QUERY).await, before);
}

#[tokio::test]
async fn vectors_are_made_once_and_kept_until_the_text_changes() {
    let Some(folder) = model() else { return };
    let Fixture { rows, registry, .. } = &fixture().await;
    registry.use_model(&folder);
    until(async || registry.index.rerank.encoder().is_some()).await;
    let words = found(registry, QUERY).await;
    assert_eq!(words[0], "marked::parse", "the first search has no vectors yet");
    let tool = catalogue::starter().unwrap().into_iter().find(|tool| tool.tool_id.as_str() == words[0]).unwrap();
    let stored = async |tool: &Tool| rows.vectors(&[key_of(&text_of(tool))]).await.unwrap().pop();
    until(async || stored(&tool).await.is_some()).await;
    assert!(registry.index.rerank.vectors().get(tool.tool_id.as_str()).is_some());
    let near = found(registry, "I wrote something with hashes and stars; show it in my browser").await;
    assert!(!near.is_empty());

    // What it says changes: so does its vector, and nobody is answered by the old one.
    let changed = Tool { description: String::from("Bakes bread."), ..tool.clone() };
    registry.index.put(&[StoredTool::new(changed.clone(), Source::Added)]);
    assert!(registry.index.rerank.vectors().get(tool.tool_id.as_str()).is_none());
    rows.upsert(None, &[StoredTool::new(changed.clone(), Source::Added)], &[]).await.unwrap();
    until(async || {
        found(registry, "bakes bread marked").await;
        stored(&changed).await.is_some()
    })
    .await;
}

/// Needs no model: what is stored is anybody's vector.
#[tokio::test]
async fn vectors_of_what_no_tool_says_any_more_go_and_all_others_stay() {
    let Fixture { rows, .. } = &fixture().await;
    let tools = catalogue::starter().unwrap();
    let wanted: Vec<String> = tools.iter().map(|tool| key_of(&text_of(tool))).collect();
    let orphans: Vec<String> = (0..2_500).map(|n| key_of(&format!("nobody says {n}"))).collect();
    let kept: Vec<(String, Vec<u8>)> = wanted.iter().chain(&orphans).map(|key| (key.clone(), vec![1, 2, 3])).collect();
    rows.keep_vectors(&kept).await.unwrap();
    let there = async || {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let more = rows.vector_keys(&after, 700).await.unwrap();
            let Some(last) = more.last() else { return all };
            after.clone_from(last);
            all.extend(more);
        }
    };
    let distinct: std::collections::BTreeSet<String> = wanted.iter().cloned().collect();
    assert_eq!(there().await.len(), distinct.len() + orphans.len());
    assert_eq!(prune::prune(&**rows).await.unwrap(), orphans.len());
    assert_eq!(there().await, distinct.into_iter().collect::<Vec<_>>());
    // What a tool said before goes with the next turn, and what it says now stays.
    let tool = Tool { description: String::from("Bakes bread."), ..tools[0].clone() };
    rows.upsert(None, &[StoredTool::new(tool.clone(), Source::Added)], &[]).await.unwrap();
    rows.keep_vectors(&[(key_of(&text_of(&tool)), vec![4])]).await.unwrap();
    assert_eq!(prune::prune(&**rows).await.unwrap(), 1);
    assert_eq!(rows.vectors(&[key_of(&text_of(&tool))]).await.unwrap().len(), 1);
    assert_eq!(rows.vectors(&[wanted[0].clone()]).await.unwrap(), []);
    assert_eq!(prune::prune(&**rows).await.unwrap(), 0);
}
