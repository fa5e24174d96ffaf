//! Embeds the page: `web/dist`, which npm makes and which is committed (each file in brotli beside it), and each file in gzip
//! where that is smaller. No npm and no network here.

use flate2::{Compression, write::GzEncoder};
use std::{
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// The ending of a file's form in brotli.
const PACKED: &str = ".br";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("web").join("dist");
    println!("cargo::rerun-if-changed=web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);

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
        if name.ends_with(PACKED) {
            continue;
        }
        let content = fs::read(&file)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        let packed = encoder.finish()?;
        let gzip = match packed.len() < content.len() {
            true => {
                let beside = out.join(format!("{name}.gz"));
                fs::write(&beside, packed)?;
                format!("Some(include_bytes!({:?}))", beside.display().to_string())
            }
            false => "None".to_owned(),
        };
        let packed = dist.join(format!("{name}{PACKED}"));
        let brotli = match packed.exists() {
            true => format!("Some(include_bytes!({:?}))", packed.display().to_string()),
            false => "None".to_owned(),
        };
        writeln!(table, "    ({name:?}, include_bytes!({:?}), {gzip}, {brotli}),", file.display().to_string())?;
    }
    table.push_str("]\n");
    fs::write(out.join("page_files.rs"), table)?;
    Ok(())
}
