//! Whether things on the screen may move by themselves. What a person said of Omega counts first, then what they said of all
//! programs of a terminal, and then what their desktop says of everything.

use std::{process::Stdio, str::FromStr, time::Duration};
use tokio::{process::Command, time::timeout};

/// A desktop that takes longer to answer is not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MotionChoice {
    /// What the environment and the desktop say.
    #[default]
    Auto,
    Full,
    /// No spinner turns, and times count whole seconds.
    Reduced,
}

impl FromStr for MotionChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "full" => Ok(Self::Full),
            "reduced" => Ok(Self::Reduced),
            other => Err(format!("there is no motion `{other}`; there are auto, full and reduced")),
        }
    }
}

/// What decides where nobody chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NO_MOTION` or `ACCESSIBLE`, set and not empty.
    pub wants_none: bool,
    pub is_ssh: bool,
    pub has_display: bool,
    pub is_mac: bool,
}

impl Environment {
    pub fn of_process() -> Self {
        let has = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            wants_none: has("NO_MOTION") || has("ACCESSIBLE"),
            is_ssh: has("SSH_CONNECTION") || has("SSH_TTY"),
            has_display: has("DISPLAY") || has("WAYLAND_DISPLAY"),
            is_mac: cfg!(target_os = "macos"),
        }
    }
}

/// A question to a desktop: a program, and the answer that means that nothing is to move.
type Question = (&'static [&'static str], &'static str);

const MAC: &[Question] = &[(&["defaults", "read", "com.apple.universalaccess", "reduceMotion"], "1")];
const OTHERS: &[Question] = &[
    (&["gsettings", "get", "org.gnome.desktop.interface", "enable-animations"], "false"),
    (&["kreadconfig6", "--group", "KDE", "--key", "AnimationDurationFactor"], "0"),
    (&["kreadconfig5", "--group", "KDE", "--key", "AnimationDurationFactor"], "0"),
];

/// Whether all stands still, as far as that is known without asking anybody.
pub fn is_still(choice: MotionChoice, environment: &Environment) -> Option<bool> {
    match choice {
        MotionChoice::Full => Some(false),
        MotionChoice::Reduced => Some(true),
        MotionChoice::Auto if environment.wants_none => Some(true),
        MotionChoice::Auto => None,
    }
}

/// What the desktop is asked. Over SSH the one of this machine is nobody's.
fn questions(environment: &Environment) -> &'static [Question] {
    match environment {
        Environment { is_ssh: true, .. } => &[],
        Environment { is_mac: true, .. } => MAC,
        Environment { has_display: true, .. } => OTHERS,
        _ => &[],
    }
}

/// Whether the desktop says that nothing is to move.
pub async fn desktop_is_still(environment: &Environment) -> bool {
    for (program, still) in questions(environment) {
        if answer(program).await.is_some_and(|answer| answer.trim() == *still) {
            return true;
        }
    }
    false
}

async fn answer(program: &[&str]) -> Option<String> {
    let (name, arguments) = program.split_first()?;
    let asked =
        Command::new(name).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(PATIENCE, asked).await.ok()?.ok()?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_said_of_omega_counts_before_what_they_said_of_everything() {
        let plain = Environment::default();
        let none = Environment { wants_none: true, ..plain.clone() };
        assert_eq!(is_still(MotionChoice::Auto, &plain), None);
        assert_eq!(is_still(MotionChoice::Auto, &none), Some(true));
        assert_eq!(is_still(MotionChoice::Full, &none), Some(false));
        assert_eq!(is_still(MotionChoice::Reduced, &plain), Some(true));
        assert_eq!("reduced".parse(), Ok(MotionChoice::Reduced));
        assert!("none".parse::<MotionChoice>().unwrap_err().contains("auto, full and reduced"));
    }

    #[test]
    fn only_the_desktop_that_is_looked_at_is_asked() {
        let here = Environment { has_display: true, ..Environment::default() };
        assert_eq!(questions(&here), OTHERS);
        assert_eq!(questions(&Environment { is_mac: true, ..here.clone() }), MAC);
        assert_eq!(questions(&Environment { is_ssh: true, ..here }), &[] as &[Question]);
        assert_eq!(questions(&Environment::default()), &[] as &[Question]);
    }
}
