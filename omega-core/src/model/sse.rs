//! Server-Sent Events, decoded from bytes as they arrive.
//!
//! The promise: the events that come out depend only on the bytes, never on how the network cut them. Lines may end in
//! LF, CRLF or CR (WHATWG HTML, 9.2.6); a chunk may end inside a character; comments cost no memory. A line or an event
//! above [`MAX_EVENT_BYTES`] is an error, so that a hostile server can't fill the memory.
//!
//! The standard ignores lines that are no fields. Servers that fail in the middle of a stream write their error there as they
//! would write it anywhere, as bare JSON or as a web page; [`SseDecoder::with_bare_lines`] gives those, too.

/// The largest line, and the largest event, that is accepted.
pub const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;

/// What is kept of a line that says nothing to a program.
const LONGEST_STRAY: usize = 600;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SseEvent {
    /// The `event` field, or empty.
    pub name: String,
    /// The `data` fields, joined by line feeds.
    pub data: String,
    /// True for lines that are no fields, but look like JSON or a web page; `data` has them.
    pub bare: bool,
}

/// A line or an event was larger than [`MAX_EVENT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {} MiB", MAX_EVENT_BYTES / 1024 / 1024)]
pub struct EventTooLarge;

/// The state between two chunks.
#[derive(Debug)]
pub struct SseDecoder {
    line: Vec<u8>,
    event: SseEvent,
    has_data: bool,
    after_cr: bool,
    first_line: bool,
    limit: usize,
    takes_bare: bool,
    /// Lines without a field that belong together.
    bare: String,
    /// The last line that was neither a field nor looked like anything: a sentence, perhaps.
    stray: String,
}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::with_limit(MAX_EVENT_BYTES)
    }
}

impl SseDecoder {
    /// A decoder at the beginning of a body, with a limit of its own.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            event: SseEvent::default(),
            has_data: false,
            after_cr: false,
            first_line: true,
            limit,
            takes_bare: false,
            bare: String::new(),
            stray: String::new(),
        }
    }

    /// A decoder that also gives lines that are no fields.
    pub fn with_bare_lines() -> Self {
        Self { takes_bare: true, ..Self::default() }
    }

    /// The last whole line that was neither a field nor JSON nor a web page, with [`Self::with_bare_lines`]; else empty.
    pub fn stray(&self) -> &str {
        &self.stray
    }

    /// Takes the next bytes and returns the events that they complete.
    ///
    /// # Errors
    /// [`EventTooLarge`]; the decoder is of no use after that.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<Vec<SseEvent>, EventTooLarge> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            if self.after_cr {
                self.after_cr = false;
                if bytes[0] == b'\n' {
                    bytes = &bytes[1..];
                    continue;
                }
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            self.extend_line(&bytes[..end.unwrap_or(bytes.len())])?;
            let Some(end) = end else { break };
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(&mut events)?;
        }
        Ok(events)
    }

    /// The body has ended: an event that only lacks its blank line still counts. (The standard drops it; providers leave
    /// the blank line out, and a cut event is told by what it holds.)
    pub fn finish(&mut self) -> Vec<SseEvent> {
        let mut events = Vec::new();
        let stray = self.stray.clone();
        if self.end_line(&mut events).is_ok() {
            self.dispatch(&mut events);
        }
        // A line that was cut is no sentence.
        self.stray = stray;
        events
    }

    fn extend_line(&mut self, piece: &[u8]) -> Result<(), EventTooLarge> {
        let in_comment = self.line.first().or(piece.first()) == Some(&b':');
        if in_comment {
            // One byte is kept, to know at the next chunk that this line is a comment.
            if self.line.is_empty() {
                self.line.push(b':');
            }
            return Ok(());
        }
        if self.line.len() + piece.len() > self.limit {
            return Err(EventTooLarge);
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<SseEvent>) -> Result<(), EventTooLarge> {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let mut line = line.as_ref();
        if std::mem::take(&mut self.first_line) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            self.dispatch(events);
            return Ok(());
        }
        if self.takes_bare && is_garbled(line) {
            self.dispatch(events);
            events.push(SseEvent { data: line.to_owned(), bare: true, ..SseEvent::default() });
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.event.data.len() + value.len() > self.limit {
                    return Err(EventTooLarge);
                }
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            // They serve reconnecting, which no provider offers.
            "id" | "retry" => {}
            _ if self.takes_bare => return self.bare_line(events, line, (field, value)),
            // To be ignored, as comments.
            _ => {}
        }
        if !self.bare.is_empty() {
            self.dispatch_bare(events);
        }
        Ok(())
    }

    /// A line without a field. `error: {...}` is what older llama.cpp servers write.
    fn bare_line(
        &mut self,
        events: &mut Vec<SseEvent>,
        line: &str,
        (field, value): (&str, &str),
    ) -> Result<(), EventTooLarge> {
        if self.bare.is_empty() && line.trim_start().starts_with(['{', '[', '<']) {
            self.dispatch(events);
        } else if self.bare.is_empty() {
            if field == "error" && !value.is_empty() {
                events.push(SseEvent { name: field.to_owned(), data: value.to_owned(), bare: true });
            } else if value.starts_with('{') && !field.is_empty() {
                // What is left of a frame whose beginning is lost.
                events.push(SseEvent { data: line.to_owned(), bare: true, ..SseEvent::default() });
            } else if !line.starts_with(':') {
                self.stray.clear();
                self.stray.extend(line.chars().take(LONGEST_STRAY));
            }
            return Ok(());
        }
        if self.bare.len() + line.len() > self.limit {
            return Err(EventTooLarge);
        }
        self.bare.push_str(line);
        self.bare.push('\n');
        Ok(())
    }

    fn dispatch(&mut self, events: &mut Vec<SseEvent>) {
        self.dispatch_bare(events);
        let event = std::mem::take(&mut self.event);
        // An error without a word is one all the same.
        if std::mem::take(&mut self.has_data) || (self.takes_bare && event.name == "error") {
            events.push(event);
        }
    }

    fn dispatch_bare(&mut self, events: &mut Vec<SseEvent>) {
        let data = std::mem::take(&mut self.bare);
        if !data.is_empty() {
            events.push(SseEvent { name: String::new(), data, bare: true });
        }
    }
}

/// Whether a line is what no server writes: bytes that are no text, or the name of a field that lost its value.
fn is_garbled(line: &str) -> bool {
    let is_field = line.starts_with("data:") || line.starts_with(':');
    line == "data"
        || (!is_field && line.contains(|c: char| c == char::REPLACEMENT_CHARACTER || (c.is_control() && c != '\t')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &[u8], chunk: usize) -> Vec<SseEvent> {
        let mut decoder = SseDecoder::default();
        let mut events: Vec<_> = body.chunks(chunk).flat_map(|bytes| decoder.feed(bytes).unwrap()).collect();
        events.extend(decoder.finish());
        events
    }

    fn event(name: &str, data: &str) -> SseEvent {
        SseEvent { name: name.into(), data: data.into(), bare: false }
    }

    #[test]
    fn the_events_do_not_depend_on_the_chunks() {
        let body = "\u{feff}: hello\r\nevent: a\r\ndata: née ✓\r\n\r\ndata:🧪\rdata: two\r\r: ping\n\nid: 7\nevent: c\ndata\n\ndata: end";
        let want = vec![event("a", "née ✓"), event("", "🧪\ntwo"), event("c", ""), event("", "end")];
        for chunk in 1..=body.len() {
            assert_eq!(decode(body.as_bytes(), chunk), want, "chunks of {chunk}");
        }
    }

    #[test]
    fn an_event_without_data_is_none() {
        assert_eq!(decode(b"event: ping\n\n\n\ndata: x\n\n", 3), vec![event("", "x")]);
    }

    #[test]
    fn a_comment_of_any_length_costs_nothing_and_a_line_is_bounded() {
        let mut decoder = SseDecoder::with_limit(8);
        assert_eq!(decoder.feed(b": a comment longer than the limit").unwrap(), vec![]);
        assert_eq!(decoder.feed(b" goes on\ndata: 1\n\n").unwrap(), vec![event("", "1")]);
        assert_eq!(decoder.feed(b"data: 12345"), Err(EventTooLarge));
    }

    #[test]
    fn many_short_lines_do_not_make_an_unbounded_event() {
        let mut decoder = SseDecoder::with_limit(64);
        let endless = "data: 0123456789\n".repeat(10);
        assert_eq!(decoder.feed(endless.as_bytes()), Err(EventTooLarge));
    }

    #[test]
    fn lines_without_a_field_are_given_where_they_are_asked_for() {
        let body = "data: 1\n{\n  \"error\": {\n  \"message\": \"m\" }\n}\n\ndata: 2\n\n<html>\n<p>no\n\nerror: {\"x\"}\nta: {1}\nupstream is gone\n: x\nevent: error\n\ndat";
        let bare = |data: &str| SseEvent { data: data.into(), bare: true, ..SseEvent::default() };
        let want = vec![
            event("", "1"),
            bare("{\n  \"error\": {\n  \"message\": \"m\" }\n}\n"),
            event("", "2"),
            bare("<html>\n<p>no\n"),
            SseEvent { name: "error".into(), ..bare("{\"x\"}") },
            bare("ta: {1}"),
            event("error", ""),
        ];
        for chunk in 1..=body.len() {
            let mut decoder = SseDecoder::with_bare_lines();
            let mut events: Vec<_> =
                body.as_bytes().chunks(chunk).flat_map(|bytes| decoder.feed(bytes).unwrap()).collect();
            events.extend(decoder.finish());
            assert_eq!(events, want, "chunks of {chunk}");
            assert_eq!(decoder.stray(), "upstream is gone");
        }
        assert_eq!(decode(body.as_bytes(), 7), vec![event("", "1"), event("", "2")]);
    }

    #[test]
    fn broken_utf8_is_replaced_and_not_fatal() {
        assert_eq!(decode(b"data: a\xff\xfeb\n\n", 1), vec![event("", "a\u{fffd}\u{fffd}b")]);
    }
}
