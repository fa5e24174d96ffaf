//! Why a package could not be added, in words that say what to do.

use omega_core::{
    executor::{ToolError, ToolErrorCode},
    sanitize::one_line,
};

/// What every refusal of an installation says last.
const ANOTHER: &str = "; use another version, or another package";

/// What the runtime said of a broken package means little by itself. One's own, from a folder, has no other version: it can be mended.
pub fn words(package: &str, is_own: bool, error: &ToolError) -> String {
    let reason = one_line(error.message.lines().next().unwrap_or_default(), 300);
    let failed = match error.code {
        ToolErrorCode::ImportFailed if is_own => format!("{package} can't be imported ({reason})"),
        ToolErrorCode::ImportFailed => format!("{package} can't be imported ({reason}); it may be broken as published"),
        ToolErrorCode::Timeout | ToolErrorCode::CpuLimit => {
            format!("{package} did not load in time ({reason}); it may do too much when it is imported")
        }
        ToolErrorCode::OutOfMemory
        | ToolErrorCode::DiskLimit
        | ToolErrorCode::OutputTooLarge
        | ToolErrorCode::ToolExited
        | ToolErrorCode::ProtocolError => format!("{package} was ended while it was looked into ({reason})"),
        ToolErrorCode::MissingEnvVars if package.contains("://") => {
            return format!("{reason}; give it with the request (`env`), and it is asked for when a tool needs it");
        }
        ToolErrorCode::MissingEnvVars => format!("{package} wants variables as soon as it is loaded ({reason})"),
        // Which capability, and what to do.
        ToolErrorCode::NetworkBlocked => {
            let host = error.details.as_ref().and_then(|details| details["host"].as_str()).unwrap_or("the network");
            let next = if is_own {
                "look for what it asks there when a tool is called"
            } else {
                "use one that is listed without"
            };
            return format!(
                "{package} wants to reach {} before it says which tools it has, and a package is looked into without a network; {next}",
                one_line(host, 100)
            );
        }
        ToolErrorCode::PermissionDenied => {
            return format!("{package} can't run here: {}", one_line(&error.message, 500));
        }
        // These say what to do.
        _ if is_own => return error.message.replace(ANOTHER, ""),
        _ => return error.message.clone(),
    };
    if is_own {
        return format!("{failed}: mend it, and add it again");
    }
    format!("{failed}: try another version as {package}@VERSION, or another package")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_own_package_is_never_said_to_have_another_version() {
        for code in [
            ToolErrorCode::ImportFailed,
            ToolErrorCode::Timeout,
            ToolErrorCode::OutOfMemory,
            ToolErrorCode::MissingEnvVars,
            ToolErrorCode::NetworkBlocked,
            ToolErrorCode::InstallFailed,
        ] {
            let error = ToolError::new(code, format!("it is broken{ANOTHER}"));
            let error = if code == ToolErrorCode::InstallFailed { error } else { ToolError::new(code, "it is broken") };
            let own = words("mine", true, &error);
            assert!(!own.contains("version") && !own.contains("another package"), "{own}");
            let published = words("theirs", false, &error);
            assert!(published != own, "{published}");
        }
    }
}
