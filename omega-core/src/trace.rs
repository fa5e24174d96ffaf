//! Where an operation stands in a distributed trace: W3C Trace Context (<https://www.w3.org/TR/trace-context/>).
//!
//! The context of the operation at work goes along with the requests that it makes, to providers and executors, without being
//! handed through everything between them.

#![warn(missing_docs)]

#[cfg(feature = "http")]
use futures_util::future::Either;
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The header that hands a context on.
pub const HEADER: &str = "traceparent";

/// An operation of a trace: `00-TRACE-SPAN-FLAGS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace: [u8; 16],
    span: [u8; 8],
    /// Whether who began the trace records it.
    pub is_sampled: bool,
}

/// A `traceparent` that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent: 00-, 32 hex digits, -, 16 hex digits, -, 2 hex digits")]
pub struct BadTraceparent;

impl TraceContext {
    /// An operation whose ids are known. Ids of zeros alone are none, and become others.
    #[must_use]
    pub fn new(trace: [u8; 16], span: [u8; 8], is_sampled: bool) -> Self {
        let trace = if trace == [0; 16] { Uuid::new_v4().into_bytes() } else { trace };
        let span = if span == [0; 8] { random() } else { span };
        Self { trace, span, is_sampled }
    }

    /// An operation within this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { span: random(), ..*self }
    }

    /// The trace's id.
    #[must_use]
    pub fn trace(&self) -> [u8; 16] {
        self.trace
    }

    /// The trace's id, in hex.
    #[must_use]
    pub fn trace_id(&self) -> String {
        hex::encode(self.trace)
    }

    /// The operation's own id, in hex.
    #[must_use]
    pub fn span_id(&self) -> String {
        hex::encode(self.span)
    }
}

/// An id that is not zeros alone.
fn random() -> [u8; 8] {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    // The version of a UUID stands in one half, its variant in the other one.
    (high ^ low.rotate_left(32)).max(1).to_be_bytes()
}

impl FromStr for TraceContext {
    type Err = BadTraceparent;

    /// Reads the header: later versions may say more behind what this one says.
    fn from_str(text: &str) -> Result<Self, BadTraceparent> {
        let mut parts = text.trim().split('-');
        let mut part = |digits: usize| {
            let lower = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            parts.next().filter(|part| part.len() == digits && part.bytes().all(lower)).ok_or(BadTraceparent)
        };
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        if version == "ff" || version == "00" && parts.next().is_some() {
            return Err(BadTraceparent);
        }
        let (mut of_trace, mut of_span, mut of_flags) = ([0; 16], [0; 8], [0; 1]);
        hex::decode_to_slice(trace, &mut of_trace).map_err(|_| BadTraceparent)?;
        hex::decode_to_slice(span, &mut of_span).map_err(|_| BadTraceparent)?;
        hex::decode_to_slice(flags, &mut of_flags).map_err(|_| BadTraceparent)?;
        if of_trace == [0; 16] || of_span == [0; 8] {
            return Err(BadTraceparent);
        }
        Ok(Self { trace: of_trace, span: of_span, is_sampled: of_flags[0] & 1 == 1 })
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.span_id(), u8::from(self.is_sampled))
    }
}

#[cfg(feature = "http")]
tokio::task_local! {
    static CURRENT: TraceContext;
}

/// The operation at work, if it is part of a trace.
#[cfg(feature = "http")]
#[must_use]
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(|context| *context).ok()
}

/// Does something as a part of an operation; without one, as a part of whatever it was.
#[cfg(feature = "http")]
pub fn within<T>(context: Option<TraceContext>, work: impl Future<Output = T>) -> impl Future<Output = T> {
    match context {
        Some(context) => Either::Left(CURRENT.scope(context, work)),
        None => Either::Right(work),
    }
}

/// A request that says which operation makes it.
#[cfg(feature = "http")]
pub fn onto(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    match current() {
        Some(context) => request.header(HEADER, context.to_string()),
        None => request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(trace: [u8; 16], span: [u8; 8], is_sampled: bool) {
            let context = TraceContext::new(trace, span, is_sampled);
            prop_assert_eq!(context.to_string().parse(), Ok(context));
            let child = context.child();
            prop_assert_eq!(child.trace(), context.trace());
            prop_assert_ne!(child.span_id(), context.span_id());
        }

        #[test]
        fn no_text_is_taken_for_a_context_that_writes_another(text in "[0-9a-fA-F -]{0,60}") {
            if let Ok(context) = text.parse::<TraceContext>() {
                prop_assert_eq!(&context.to_string()[3..52], &text.trim()[3..52]);
            }
        }
    }

    #[test]
    fn the_header_is_read_as_its_specification_says() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let good = format!("00-{trace}-{span}-01");
        assert!(good.parse::<TraceContext>().unwrap().is_sampled);
        assert!(!format!("00-{trace}-{span}-02").parse::<TraceContext>().unwrap().is_sampled);
        assert!(format!("cc-{trace}-{span}-01-what-comes-later").parse::<TraceContext>().is_ok());
        let bad = [
            String::new(),
            format!("ff-{trace}-{span}-01"),
            format!("00-{trace}-{span}-01-more"),
            format!("00-{trace}-{span}"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{trace}é-{span}-01"),
        ];
        for text in bad {
            assert_eq!(text.parse::<TraceContext>(), Err(BadTraceparent), "{text}");
        }
    }
}
