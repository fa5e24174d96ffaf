//! `omega registry model`

use crate::{
    connect::Context,
    exit::{Code, Failure},
};
use clap::{Args, Subcommand};
use omega_core::sanitize::one_line;
use omega_engine::registry::model_files::{self, FetchError, Kept};
use serde_json::json;
use std::{
    cell::Cell,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Fetch, show and remove the sentence encoder, which orders what search finds by its meaning too
///
/// Without it, search goes by words. It is all-MiniLM-L6-v2 (Apache-2.0, 91 MB) and lies in the cache folder of this machine's
/// server, which notices by itself that it came or went.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega registry model fetch
  omega registry model fetch --from ./all-MiniLM-L6-v2")]
pub struct Model {
    #[command(subcommand)]
    what: What,
    /// The cache folder of a server that was started with one
    #[arg(long, value_name = "PATH", global = true)]
    cache: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Fetch the model from where it is published, or take it from a folder
    #[command(after_long_help = "Examples:
  omega registry model fetch
  omega registry model fetch --from ./all-MiniLM-L6-v2")]
    Fetch {
        /// Take it from this folder (model.safetensors, tokenizer.json)
        #[arg(long, value_name = "FOLDER", conflicts_with = "url")]
        from: Option<PathBuf>,
        /// Where its files are [default: huggingface.co, sentence-transformers/all-MiniLM-L6-v2]
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
    /// Show whether the model is there, and where
    #[command(after_long_help = "Examples:
  omega registry model status --json")]
    Status,
    /// Remove the model
    #[command(after_long_help = "Examples:
  omega registry model remove")]
    Remove,
}

/// Between two words on how far it has got.
const TELL_EVERY: Duration = Duration::from_millis(200);

impl Model {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let cache = self.cache.clone().unwrap_or_else(|| context.dirs.cache.clone());
        let folder = model_files::folder(&cache);
        match &self.what {
            What::Fetch { from: Some(from), .. } => model_files::copy(from, &folder).map_err(failure)?,
            What::Fetch { url, .. } => {
                let last = Cell::new(None::<Instant>);
                let told = |come: u64, all: u64| {
                    if last.get().is_none_or(|last| last.elapsed() >= TELL_EVERY) {
                        last.set(Some(Instant::now()));
                        let percent = come.saturating_mul(100) / all.max(1);
                        context.ui.live(&[], ("●", &format!("fetching the model · {percent} %")));
                    }
                };
                let fetched = model_files::fetch(url.as_deref().unwrap_or(model_files::ADDRESS), &folder, told).await;
                context.ui.clear_live();
                fetched.map_err(failure)?;
            }
            What::Status => {}
            What::Remove => {
                if !model_files::remove(&folder).map_err(failure)? {
                    context.ui.note("There was no model.");
                }
            }
        }
        let kept = model_files::kept(&folder);
        let (word, meaning) = match kept {
            Kept::Whole => ("whole", "search goes by words and meaning"),
            Kept::Damaged => (
                "damaged",
                "it is not the one that is meant, or not all of it; `omega registry model fetch` mends that",
            ),
            Kept::Missing => ("missing", "search goes by words; `omega registry model fetch` changes that"),
        };
        let place = folder.display().to_string();
        if self.json {
            return context.ui.json(&json!({ "model": "all-MiniLM-L6-v2", "state": word, "folder": place }));
        }
        context.ui.line(format!("{word} · {meaning}"))?;
        context.ui.line(format!("folder  {}", one_line(&place, 300)))
    }
}

fn failure(error: FetchError) -> Failure {
    let failure = Failure::new(Code::Failed, one_line(&error.to_string(), 400));
    match error {
        FetchError::Unreachable(..) | FetchError::Refused(..) => {
            failure.hint("fetch model.safetensors and tokenizer.json elsewhere, and take them with --from FOLDER")
        }
        _ => failure,
    }
}
