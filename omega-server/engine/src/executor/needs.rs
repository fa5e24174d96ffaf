//! What a package was seen to need beyond an ordinary process, while it was looked into: so that its calls are started in the same way.
//! Each is tried only where the package gave nothing without it.

use super::{
    limits::{HEAP_MB, LARGE_HEAP_MB, Limits},
    protocol::Description,
};
use omega_core::executor::{ToolError, ToolErrorCode};
use serde::{Deserialize, Serialize};

/// How the sandbox says that native code is wanted (`runner/refusal.mjs`).
const NATIVE: [&str; 2] = ["native code does not run in the sandbox", "it needs native code"];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Needs {
    /// It starts programs, and goes on where none is (`runner/programs.mjs`).
    pub programs: bool,
    /// It loads native code that only some of it uses (`runner/native.mjs`).
    pub native: bool,
    /// It has more code than an ordinary process has memory for.
    pub room: bool,
}

impl Needs {
    /// What else may help after such a look; `None` if nothing would.
    pub fn more(self, looked: &Result<Description, ToolError>) -> Option<Self> {
        let failure = match looked {
            Ok(found) if found.tools.is_empty() => {
                found.server_failure.as_ref().or(found.import_failure.as_ref()).map(|words| (None, words))
            }
            Ok(_) => None,
            Err(error) => Some((Some(error.code), &error.message)),
        };
        let (code, words) = failure?;
        let more = Self {
            native: self.native || NATIVE.iter().any(|said| words.contains(said)),
            room: self.room || code == Some(ToolErrorCode::OutOfMemory),
            ..self
        };
        (more != self).then_some(more)
    }

    /// Whether a look with all this says more than the first one without. A package that is native code alone would have tools of which
    /// none works.
    pub fn helped(self, looked: &Result<Description, ToolError>) -> bool {
        looked.as_ref().is_ok_and(|found| !self.native || !found.tools.is_empty())
    }

    /// The limits of a process for it.
    pub fn limits(self, ordinary: Limits) -> Limits {
        if self.room { Limits { memory: ordinary.memory.max(Limits::LARGE_MEMORY), ..ordinary } } else { ordinary }
    }

    /// Megabytes of its heap.
    pub fn heap(self) -> u32 {
        if self.room { LARGE_HEAP_MB } else { HEAP_MB }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(tools: usize, server_failure: Option<&str>) -> Result<Description, ToolError> {
        let tool = json!({"name": "t", "shape": "tool", "description": "", "inputSchema": {}, "envRead": []});
        let tools = vec![tool; tools];
        let found = json!({"tools": tools, "functions": [], "readAtImport": [], "serverFailure": server_failure});
        Ok(serde_json::from_value(found).unwrap())
    }

    #[test]
    fn more_is_given_only_where_nothing_was_found_for_want_of_it() {
        let failed = |code, words: &str| Err(ToolError::new(code, words));
        let (native, room) = (Needs { native: true, ..<_>::default() }, Needs { room: true, ..<_>::default() });
        for (before, looked, expected) in [
            (Needs::default(), found(1, Some("it needs native code, which does not")), None),
            (Needs::default(), found(0, Some("it needs native code, which does not")), Some(native)),
            (native, found(0, Some("it needs native code, which does not")), None),
            (Needs::default(), found(0, None), None),
            (Needs::default(), failed(ToolErrorCode::OutOfMemory, "the heap is full"), Some(room)),
            (room, failed(ToolErrorCode::OutOfMemory, "the heap is full"), None),
            (room, failed(ToolErrorCode::PermissionDenied, NATIVE[0]), Some(Needs { native: true, ..room })),
            (Needs::default(), failed(ToolErrorCode::ImportFailed, "the moon is wrong"), None),
        ] {
            assert_eq!(before.more(&looked), expected, "{before:?} {looked:?}");
        }
        assert!(room.helped(&found(0, None)) && !native.helped(&found(0, None)) && native.helped(&found(1, None)));
    }
}
