//! The person's own editor, for a text that is more than a line.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    process::Command,
};

/// The command of the editor: `VISUAL`, else `EDITOR`, else `vi`; it may have arguments.
pub fn command(visual: Option<String>, editor: Option<String>) -> Vec<String> {
    let named = [visual, editor].into_iter().flatten().find(|name| !name.trim().is_empty());
    named.unwrap_or_else(|| String::from("vi")).split_whitespace().map(str::to_owned).collect()
}

/// Lets the editor have a text, in a file that nobody else reads, and gives what it is then. The terminal must be the
/// editor's meanwhile.
///
/// # Errors
/// The editor can't be started or ended in failure; then the text is as it was.
pub fn edit(text: &str, ending: &str, command: &[String]) -> io::Result<String> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::NotFound)?;
    let name = format!(
        "omega-{}-{}.{ending}",
        std::process::id(),
        std::time::UNIX_EPOCH.elapsed().map_or(0, |it| it.as_nanos())
    );
    let path = std::env::temp_dir().join(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path)?.write_all(text.as_bytes())?;
    let done = Command::new(program).args(arguments).arg(&path).status().and_then(|status| match status.success() {
        true => fs::read_to_string(&path),
        false => Err(io::Error::other(format!("{program} ended with {status}"))),
    });
    // What is left there would be read by nobody.
    let _ = fs::remove_file(&path);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_editor_is_the_one_that_the_person_named() {
        let named = |visual: &str, editor: &str| command(Some(visual.into()), Some(editor.into()));
        assert_eq!(named("code --wait", "vi"), ["code", "--wait"]);
        assert_eq!(named(" ", "nano"), ["nano"]);
        assert_eq!(command(None, None), ["vi"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_the_editor_wrote_comes_back_and_a_failed_one_changes_nothing() {
        let script = |text: &str| ["sh", "-c", text, "sh"].map(str::to_owned);
        assert_eq!(edit("one\n", "md", &script("printf two >> \"$1\"")).unwrap(), "one\ntwo");
        let error = edit("one", "md", &script("printf lost > \"$1\"; exit 3")).unwrap_err();
        assert!(error.to_string().contains("sh ended with"), "{error}");
        assert!(edit("one", "md", &["no-such-editor".to_owned()]).is_err());
    }
}
