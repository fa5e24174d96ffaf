//! The bytes of one response, whatever they turn out to be: an event stream, a whole document, an error, a web page.
//!
//! In this order each piece of an answer is bounded in size, read as JSON (halves of characters joined), asked whether it is an
//! error, read by its format, told apart from thoughts, and bounded in what it says.

use super::{
    Body,
    bounds::{BoundedEvent, Bounds},
    error_body::{self, text_error},
    surrogates::Halves,
    thoughts::Thoughts,
};
use crate::{
    budget::Shape,
    model::{
        ModelError, ModelEvent, ResponseName, json,
        sse::{MAX_EVENT_BYTES, SseDecoder, SseEvent},
    },
};
use serde_json::Value;

/// Turns the bytes of one response into events.
pub struct Decoder {
    provider: String,
    content: Content,
    sse: SseDecoder,
    halves: Halves,
    body: Box<dyn Body>,
    thoughts: Thoughts,
    bounds: Bounds,
    name: ResponseName,
    bytes: usize,
    over: bool,
    /// What was said that is no part of an answer, the last of it: the reason, if no answer comes.
    beside: Option<ModelError>,
}

/// What the body turned out to be, by its first byte.
enum Content {
    /// Nothing to be seen yet: white space, a byte order mark.
    Unknown(Vec<u8>),
    Events,
    /// No event stream at all but JSON or a web page, as far as it came.
    Document(Vec<u8>),
}

/// More than any answer has: a provider that sends more is broken or hostile.
const LARGEST_BODY: usize = 128 * 1024 * 1024;
/// The same of values in one event; each takes many times its text in memory.
const MOST_VALUES: usize = 200_000;
/// More white space than any answer begins with.
const MOST_SPACE: usize = 4_096;

impl Decoder {
    pub(super) fn new(provider: &str, body: Box<dyn Body>) -> Self {
        Self {
            provider: provider.to_owned(),
            content: Content::Unknown(Vec::new()),
            sse: SseDecoder::with_bare_lines(),
            halves: Halves::default(),
            body,
            thoughts: Thoughts::default(),
            bounds: Bounds::default(),
            name: ResponseName::default(),
            bytes: 0,
            over: false,
            beside: None,
        }
    }

    /// Takes the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Result<ModelEvent, ModelError>> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        self.bytes += bytes.len();
        if self.bytes > LARGEST_BODY {
            self.fail(self.protocol("an answer without end".into()), &mut out);
            return out;
        }
        match &mut self.content {
            Content::Unknown(head) => {
                head.extend_from_slice(bytes);
                self.recognise(&mut out);
            }
            Content::Document(document) if document.len() + bytes.len() > MAX_EVENT_BYTES => {
                self.fail(self.protocol("a document without end instead of an event stream".into()), &mut out);
            }
            Content::Document(document) => document.extend_from_slice(bytes),
            Content::Events => self.feed_events(bytes, &mut out),
        }
        out
    }

    /// The body has ended, by itself or because the connection broke.
    pub fn finish(&mut self) -> Vec<Result<ModelEvent, ModelError>> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        if let Content::Document(document) = &mut self.content {
            let document = std::mem::take(document);
            self.document(&String::from_utf8_lossy(&document), &mut out);
            return out;
        }
        // The last event may lack its blank line; if it does not parse, the body was cut inside of it.
        for event in self.sse.finish() {
            let data = event.data.trim();
            let is_page = event.bare && data.starts_with('<');
            if data == "[DONE]" || event.name == "error" || is_page || json::read(data).is_ok() {
                self.take(&event, &mut out);
            }
        }
        if !self.over {
            self.end(false, &mut out);
        }
        out
    }

    /// What the provider calls its answer, as far as it came.
    pub fn name(&self) -> &ResponseName {
        &self.name
    }

    /// Whether the answer is whole or has failed: nothing more will come out.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the answer is whole, though extras such as usage may follow: a connection that then stays silent or breaks
    /// does no harm.
    pub fn is_settled(&self) -> bool {
        self.over || self.body.is_settled()
    }

    /// Finds out what the body is as soon as something of it can be seen.
    fn recognise(&mut self, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        let Content::Unknown(head) = &mut self.content else { return };
        let text = head.strip_prefix(b"\xef\xbb\xbf".as_slice()).unwrap_or(head);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[' | b'<') => {
                let head = std::mem::take(head);
                self.content = Content::Document(Vec::new());
                out.extend(self.feed_again(&head));
            }
            None if head.len() < MOST_SPACE => {}
            // The mark may be cut.
            Some(_) if b"\xef\xbb\xbf".starts_with(head) => {}
            Some(_) | None => {
                let head = std::mem::take(head);
                self.content = Content::Events;
                self.feed_events(&head, out);
            }
        }
    }

    fn feed_again(&mut self, head: &[u8]) -> Vec<Result<ModelEvent, ModelError>> {
        self.bytes -= head.len();
        self.feed(head)
    }

    fn feed_events(&mut self, bytes: &[u8], out: &mut Vec<Result<ModelEvent, ModelError>>) {
        match self.sse.feed(bytes) {
            Ok(events) => {
                for event in events {
                    self.take(&event, out);
                }
            }
            Err(error) => self.fail(self.protocol(error.to_string()), out),
        }
    }

    fn take(&mut self, event: &SseEvent, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        let data = event.data.trim();
        if self.over || (data.is_empty() && event.name != "error") {
            return;
        }
        if data == "[DONE]" {
            return self.end(true, out);
        }
        if Shape::of(data.as_bytes()).values > MOST_VALUES {
            return self.fail(self.protocol("an event with values without end".into()), out);
        }
        match self.halves.read(&event.name, data) {
            Ok(events) => self.take_all(events, out),
            // What is broken behind a whole answer takes nothing from it.
            Err(_) if self.body.is_settled() && event.name != "error" => {}
            Err(_) if event.name == "error" || event.bare => {
                let text = if data.is_empty() { "(no message)" } else { data };
                self.fail(text_error(&self.provider, text, event.bare), out);
            }
            Err(error) => self.fail(self.protocol(format!("an event is no JSON ({error})")), out),
        }
    }

    fn take_all(&mut self, events: Vec<(String, Value)>, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        let each = events.into_iter().flat_map(|(name, json)| match json {
            Value::Array(list) => list.into_iter().map(|json| (name.clone(), json)).collect(),
            json => vec![(name, json)],
        });
        for (name, json) in each {
            if self.over {
                return;
            }
            if let Some(error) = error_body::stream_error(&self.provider, &name, &json) {
                return self.fail(error, out);
            }
            if !self.body.is_answer(&json) {
                self.beside = error_body::beside_error(&self.provider, &json).or(self.beside.take());
            }
            name_in(&json, &mut self.name);
            let mut events = Vec::new();
            let result = self.body.event(&json, &mut events);
            self.push(events, out);
            if let Err(error) = result {
                self.fail(error, out);
            }
        }
    }

    /// A body without a stream: the answer as one document, its chunks as a list or line by line, or an error. Some servers
    /// report errors with status 200 so, and a wrong base URL leads to a web page.
    fn document(&mut self, text: &str, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with('<') {
            return self.fail(self.instead("a web page"), out);
        }
        if Shape::of(text.as_bytes()).values > MOST_VALUES {
            return self.fail(self.protocol("a document with values without end".into()), out);
        }
        let whole = json::whole(text);
        let (mut known, mut cut) = (false, None);
        for document in serde_json::Deserializer::from_str(&whole).into_iter::<Value>() {
            let events = match document {
                Ok(Value::Array(list)) => list,
                Ok(document) => vec![document],
                Err(error) => {
                    cut = Some(error);
                    break;
                }
            };
            for event in events {
                known |= self.body.is_answer(&event);
                self.take_all(vec![(String::new(), event)], out);
            }
        }
        match cut {
            _ if self.over => {}
            Some(error) if !error.is_eof() && !self.body.is_settled() => {
                self.fail(self.protocol(format!("a document that is no JSON ({error})")), out);
            }
            Some(_) => self.end(false, out),
            None if known => self.end(true, out),
            None => {
                let error = self.beside.take().unwrap_or_else(|| self.instead("a JSON document"));
                self.fail(error, out);
            }
        }
    }

    fn end(&mut self, sentinel: bool, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        // Half a character whose other half did not come is shown only with an answer that is whole.
        let (waiting, mut last) = (self.halves.flush(), Vec::new());
        self.take_all(waiting, &mut last);
        if !self.over {
            let mut events = Vec::new();
            self.body.end(sentinel, &mut events);
            self.push(events, &mut last);
        }
        if self.over {
            out.append(&mut last);
        } else {
            let error = match (self.sse.stray(), self.beside.take()) {
                ("", None) => ModelError::Truncated { provider: self.provider.clone() },
                ("", Some(said)) => said,
                (sentence, _) => text_error(&self.provider, sentence, true),
            };
            self.fail(error, out);
        }
    }

    fn push(&mut self, events: Vec<ModelEvent>, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        for event in events {
            let mut told = Vec::new();
            match event {
                ModelEvent::Text(text) => self.thoughts.take(text, &mut told),
                ModelEvent::CallCompleted { index, mut call } => {
                    if let std::borrow::Cow::Owned(whole) = json::whole(&call.arguments) {
                        call.arguments = whole;
                    }
                    told.push(ModelEvent::CallCompleted { index, call });
                }
                end @ ModelEvent::Finished { .. } => {
                    self.thoughts.finish(&mut told);
                    told.push(end);
                }
                other => told.push(other),
            }
            for event in told {
                self.push_bounded(event, out);
            }
        }
    }

    fn push_bounded(&mut self, event: ModelEvent, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        if self.over {
            return;
        }
        let taken = match self.bounds.take(event) {
            BoundedEvent::Event(event) => vec![event],
            BoundedEvent::Nothing => Vec::new(),
            BoundedEvent::Last(events) => events,
        };
        for event in taken {
            self.over = matches!(event, ModelEvent::Finished { .. });
            out.push(Ok(event));
        }
    }

    fn fail(&mut self, error: ModelError, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        if !self.over {
            self.over = true;
            out.push(Err(error));
        }
    }

    fn instead(&self, what: &str) -> ModelError {
        self.protocol(format!("{what} instead of an event stream; check the base URL"))
    }

    fn protocol(&self, message: String) -> ModelError {
        ModelError::Protocol { provider: self.provider.clone(), message }
    }
}

/// Where the formats name an answer: in the event itself (`OpenAI` chat, a whole document), in its first event (Anthropic,
/// `OpenAI` responses), in words of its own (Gemini).
const IDS: [&str; 4] = ["/id", "/message/id", "/response/id", "/responseId"];
const MODELS: [&str; 4] = ["/model", "/message/model", "/response/model", "/modelVersion"];

fn name_in(event: &Value, name: &mut ResponseName) {
    let said = |places: [&str; 4]| {
        let text = places.iter().find_map(|place| event.pointer(place)?.as_str()).filter(|text| !text.is_empty())?;
        Some(text[..text.floor_char_boundary(ResponseName::MOST)].to_owned())
    };
    if name.model.is_none() {
        name.model = said(MODELS);
    }
    if name.id.is_none() {
        name.id = said(IDS);
    }
}
