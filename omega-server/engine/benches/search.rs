//! Loads tool rows (JSONL) into a search index and answers queries (JSONL `{id, query}`) from it.
//!
//! `cargo bench -p omega-engine --bench search -- QUERIES RESULTS ROWS...` writes
//! `{query_id, results: [toolId, ...]}` for every query to RESULTS, and the times to standard error.

use omega_core::budget::QUERY;
use omega_engine::registry::{Outcomes, indexing, rows, search::Index};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    time::Instant,
};

fn main() -> anyhow::Result<()> {
    // Cargo says `--bench` first.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let mut told = std::io::stderr();
    let [queries, results, files @ ..] = arguments.as_slice() else {
        writeln!(told, "nothing is measured without data: --bench search -- QUERIES RESULTS ROWS...")?;
        return Ok(());
    };
    let started = Instant::now();
    let mut index = Index::default();
    for file in files {
        for line in BufReader::new(File::open(file)?).lines() {
            indexing::put(&mut index, rows::tool(&serde_json::from_str(&line?)?)?.tool(), Outcomes::default());
        }
    }
    writeln!(told, "{} tools indexed in {:.1} s", index.len(), started.elapsed().as_secs_f32())?;

    let mut out = BufWriter::new(File::create(results)?);
    let mut times = Vec::new();
    for line in BufReader::new(File::open(queries)?).lines() {
        let query: Value = serde_json::from_str(&line?)?;
        let text = query["query"].as_str().unwrap_or_default();
        let started = Instant::now();
        let found = index.search(QUERY.cut(text).0, None, 10);
        times.push(started.elapsed().as_micros());
        let ids: Vec<&str> = found.iter().map(|hit| hit.id.as_str()).collect();
        writeln!(out, "{}", json!({ "query_id": query["id"], "results": ids }))?;
    }
    out.flush()?;
    times.sort_unstable();
    if let (Some(median), Some(slow)) = (times.get(times.len() / 2), times.get(times.len() * 99 / 100)) {
        writeln!(told, "{} queries, p50 {median} us, p99 {slow} us", times.len())?;
    }
    Ok(())
}
