//! Writing outputs and texts into files: whole or not at all, and never over a file that is there.

use super::OUTPUT_PAGE;
use crate::{messages::Saving, numbers::bytes};
use omega_core::{client::Client, id::ToolRunId};
use serde_json::Value;
use std::io::Write;

/// An output up to this size is made a text again before it is saved, when it is one.
const TEXT_LIMIT: u64 = 64 << 20;

/// Writes something into a file that was not there before; what was written, in words.
pub async fn save(client: &Client, saving: Saving, name: &str) -> Result<String, String> {
    let place = std::path::PathBuf::from(name);
    let mut file = std::fs::File::create_new(&place).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{name} is there already; name another file"),
        _ => format!("{name} can't be written: {error}"),
    })?;
    let written = match saving {
        Saving::Text(text) => write(&mut file, text.as_bytes()).map(|()| text.len() as u64),
        Saving::Bytes(bytes) => write(&mut file, &bytes).map(|()| bytes.len() as u64),
        Saving::Output(id) => save_output(client, id, &mut file).await,
    };
    match written {
        Ok(count) => Ok(format!("written to {name} ({})", bytes(count))),
        Err(error) => {
            // Half of it would pass for all of it.
            let _ = std::fs::remove_file(&place);
            Err(error)
        }
    }
}

fn write(file: &mut std::fs::File, bytes: &[u8]) -> Result<(), String> {
    file.write_all(bytes).map_err(|error| error.to_string())
}

/// All pages of an output. A text is written as such; what is too large to be looked at as a whole, as the JSON that it is.
async fn save_output(client: &Client, id: ToolRunId, file: &mut std::fs::File) -> Result<u64, String> {
    let (mut held, mut written, mut from) = (String::new(), 0, Some(0));
    while let Some(offset) = from {
        let page = client.tool_output(id, offset, OUTPUT_PAGE).await.map_err(|error| error.to_string())?;
        from = page.next_offset.filter(|next| *next > offset);
        held.push_str(&page.content);
        if page.total_bytes > TEXT_LIMIT {
            write(file, held.as_bytes())?;
            written += held.len() as u64;
            held.clear();
        }
    }
    let text = match serde_json::from_str(&held) {
        Ok(Value::String(text)) => text,
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or(held),
        Err(_) => held,
    };
    write(file, text.as_bytes())?;
    Ok(written + text.len() as u64)
}
