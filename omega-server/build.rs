//! Embeds the page: `web/dist`, which npm makes and which is committed. No npm and no network here.

use std::{env, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("web").join("dist");
    println!("cargo::rerun-if-changed=web/dist");
    println!("cargo::rerun-if-changed=build.rs");

    let missing =
        |error| format!("{}: {error}; `git checkout -- omega-server/web/dist` brings it back", dist.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&dist).map_err(missing)? {
        files.push(entry?.path());
    }
    // Sorted, so that equal pages give equal binaries.
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else { continue };
        writeln!(table, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("page_files.rs"), table)?;
    Ok(())
}
