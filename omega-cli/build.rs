//! Makes the program smaller where its linker can: functions of the same code are one, and the table of what is moved at the
//! start is packed.

use std::{env, path::PathBuf, process::Command};

const FLAGS: [&str; 2] = ["-Wl,--icf=all", "-Wl,-z,pack-relative-relocs"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // What a debugger shows there would be a function of another name.
    if !is("CARGO_CFG_TARGET_OS", "linux") || !is("PROFILE", "release") {
        return;
    }
    for flag in FLAGS.into_iter().filter(|flag| links_with(flag)) {
        println!("cargo::rustc-link-arg-bins={flag}");
    }
}

/// Linkers differ: a program of one line says what this one takes.
fn links_with(flag: &str) -> bool {
    let (Ok(rustc), Ok(target), Some(out)) = (env::var("RUSTC"), env::var("TARGET"), env::var_os("OUT_DIR")) else {
        return false;
    };
    let out = PathBuf::from(out);
    let source = out.join("smallest.rs");
    if std::fs::write(&source, "fn main() {}").is_err() {
        return false;
    }
    let mut command = Command::new(rustc);
    command.arg(&source).arg("--target").arg(target).arg("-o").arg(out.join("smallest")).arg("-C");
    command.arg(format!("link-arg={flag}"));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        command.arg("-C").arg(format!("linker={linker}"));
    }
    command.output().is_ok_and(|linked| linked.status.success())
}
