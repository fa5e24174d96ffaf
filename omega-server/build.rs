//! Embeds the page (`web/dist`, made by npm) when it is there. No npm and no network here: without a built page the
//! server still builds, and `/omega` says how to get it.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("web").join("dist");
    // A path that does not exist would make every build a rebuild; its parent notices when it appears.
    let watched = if dist.is_dir() { "web/dist" } else { "web" };
    println!("cargo::rerun-if-changed={watched}");
    println!("cargo::rerun-if-changed=build.rs");

    let mut table = String::from("&[\n");
    for file in files(&dist)? {
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else { continue };
        writeln!(table, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("page_files.rs"), table)?;
    Ok(())
}

/// The files of a folder, sorted so that equal pages give equal binaries; none when the folder is missing.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
