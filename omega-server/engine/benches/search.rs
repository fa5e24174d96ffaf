//! Loads tool rows (JSONL) into a search index and answers queries (JSONL `{id, query}`) from it.
//!
//! `cargo bench -p omega-engine --bench search -- QUERIES RESULTS ROWS...` writes
//! `{query_id, results: [toolId, ...]}` for every query to RESULTS, and the times to standard error. `--model FOLDER` before them
//! weighs the hits by the sentence encoder in a folder too, with all vectors at hand, as they are once a server has made them; the
//! time of a query is then that with its own vector. `--every N` takes each Nth query alone: vectors of all their hits take a while.

use omega_core::budget::QUERY;
use omega_engine::registry::{
    Outcomes, indexing,
    rerank::{DEPTH, text_of, weigh},
    rows,
};
use omega_search::{
    encoder::{Encoder, Vector, cosine},
    index::{FoundDocument, Index},
    meaning::Meaning,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

/// The encoder, and what it made.
struct Vectors {
    encoder: Encoder,
    texts: HashMap<String, String>,
    vectors: HashMap<String, Vector>,
    made_in: Duration,
}

impl Vectors {
    fn make(&mut self, hits: &[FoundDocument]) {
        let mut missing: Vec<&String> =
            hits.iter().map(|hit| &hit.id).filter(|id| !self.vectors.contains_key(*id)).collect();
        // Texts of like length go together.
        missing.sort_by_key(|id| self.texts[*id].len());
        let started = Instant::now();
        let texts: Vec<&str> = missing.iter().map(|id| self.texts[*id].as_str()).collect();
        let made = self.encoder.vectors(&texts);
        self.made_in += started.elapsed();
        self.vectors.extend(missing.into_iter().cloned().zip(made));
    }

    fn weigh(&self, query: &str, hits: &mut [FoundDocument]) {
        let query = Meaning::new(query, &self.encoder);
        let near = |hit: &FoundDocument| self.vectors.get(&hit.id).map(|vector| query.near(|way| cosine(vector, way)));
        let meanings: Vec<Option<f32>> = hits.iter().map(near).collect();
        weigh(hits, &meanings);
    }
}

fn main() -> anyhow::Result<()> {
    // Cargo says `--bench` first.
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let mut option = |name: &str| {
        let at = arguments.iter().position(|arg| arg == name).filter(|at| at + 1 < arguments.len())?;
        arguments.drain(at..at + 2).nth(1)
    };
    let model = option("--model").map(|folder| Encoder::open(Path::new(&folder))).transpose()?;
    let every: usize = option("--every").map(|every| every.parse()).transpose()?.unwrap_or(1);
    let mut told = std::io::stderr();
    let [queries, results, files @ ..] = arguments.as_slice() else {
        writeln!(told, "nothing is measured without data: --bench search -- QUERIES RESULTS ROWS...")?;
        return Ok(());
    };
    let mut meaning = model.map(|encoder| Vectors {
        encoder,
        texts: HashMap::new(),
        vectors: HashMap::new(),
        made_in: Duration::ZERO,
    });
    let started = Instant::now();
    let mut index = Index::default();
    for file in files {
        for line in BufReader::new(File::open(file)?).lines() {
            let tool = rows::tool(&serde_json::from_str(&line?)?)?.into_parts().0;
            indexing::put(&mut index, &tool, Outcomes::default());
            if let Some(meaning) = &mut meaning {
                meaning.texts.insert(tool.tool_id.to_string(), text_of(&tool));
            }
        }
    }
    writeln!(told, "{} tools indexed in {:.1} s", index.len(), started.elapsed().as_secs_f32())?;

    let mut out = BufWriter::new(File::create(results)?);
    let mut times = Vec::new();
    for line in BufReader::new(File::open(queries)?).lines().step_by(every.max(1)) {
        let query: Value = serde_json::from_str(&line?)?;
        let (text, _) = QUERY.cut(query["query"].as_str().unwrap_or_default());
        let written = text.text();
        let started = Instant::now();
        let mut found = index.search(text, None, if meaning.is_some() { DEPTH } else { 10 });
        let mut time = started.elapsed();
        if let Some(meaning) = &mut meaning {
            meaning.make(&found);
            let started = Instant::now();
            meaning.weigh(written, &mut found);
            time += started.elapsed();
        }
        times.push(time.as_micros());
        let ids: Vec<&str> = found.iter().take(10).map(|hit| hit.id.as_str()).collect();
        writeln!(out, "{}", json!({ "query_id": query["id"], "results": ids }))?;
    }
    out.flush()?;
    times.sort_unstable();
    if let (Some(median), Some(slow)) = (times.get(times.len() / 2), times.get(times.len() * 99 / 100)) {
        writeln!(told, "{} queries, p50 {median} us, p99 {slow} us", times.len())?;
    }
    if let Some(Vectors { vectors, made_in, .. }) = &meaning {
        writeln!(told, "{} vectors made in {:.1} s", vectors.len(), made_in.as_secs_f32())?;
    }
    Ok(())
}
