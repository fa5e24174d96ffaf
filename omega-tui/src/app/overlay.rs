//! What lies over the conversation. A new overlay that is a list of rows is one more file in `list_overlay/`; any other is one
//! more kind here, with its keys in `input.rs` and its drawing in `screen/`.

/// What lies over the conversation; the last one sees keys first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// The keys and commands, scrolled by so many lines.
    Help {
        /// Lines above the top.
        scroll: usize,
    },
    /// Quit although something is written?
    ConfirmQuit,
    /// Rows to look at and change.
    List,
}
