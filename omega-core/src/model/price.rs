//! What tokens cost.
//!
//! The promise: a cost is shown only where the price of the very model is known; tokens of other models are counted apart
//! ([`Usage::unpriced_tokens`]), never guessed. Sums are exact to a millionth of a dollar for each answer of a model.
//!
//! The table ([`Prices::default`], `prices.json`) says from when it is and where each provider publishes its prices. An operator's own file
//! has the same shape and goes before it, model by model: prices change, and contracts differ.

use crate::api::{Payer, Price, Usage};
use serde::Deserialize;
use std::collections::BTreeMap;

const TABLE: &str = include_str!("prices.json");

/// The prices that are known, by `provider/model`.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices(BTreeMap<String, Price>);

#[derive(Deserialize)]
struct Table {
    models: BTreeMap<String, Price>,
}

impl Default for Prices {
    /// The table that Omega brings along.
    fn default() -> Self {
        Self(serde_json::from_str::<Table>(TABLE).map(|table| table.models).unwrap_or_default())
    }
}

impl Prices {
    /// These prices with those of a file in front: JSON, `{"models": {"provider/model": {"input": 0.4, "output": 1.6}}}`, in
    /// US dollars for a million tokens.
    ///
    /// # Errors
    /// Why it is no such table.
    pub fn with(mut self, json: &str) -> Result<Self, String> {
        let table: Table = serde_json::from_str(json).map_err(|error| error.to_string())?;
        for (model, price) in table.models {
            let long = price.long.map(|long| [Some(long.input), long.cached_input, Some(long.output)]);
            let numbers = [Some(price.input), price.cached_input, price.cache_write, Some(price.output)];
            if numbers
                .into_iter()
                .chain(long.into_iter().flatten())
                .flatten()
                .any(|price| !(0.0..=1e6).contains(&price))
            {
                return Err(format!(
                    "{model}: a price is a number of US dollars for a million tokens, from 0 to 1,000,000"
                ));
            }
            self.0.insert(model, price);
        }
        Ok(self)
    }

    /// The price of a model, also of one of its dated versions (`openai/gpt-5-mini-2025-08-07`).
    pub fn of(&self, model: &str) -> Option<&Price> {
        // `openai-responses` is another way to the same models.
        let same = model.strip_prefix("openai-responses/").map(|model| format!("openai/{model}"));
        let model = same.as_deref().unwrap_or(model);
        self.0.get(model).or_else(|| self.0.get(undated(model)))
    }

    /// The tokens of one answer, with what they cost.
    pub fn priced(&self, model: &str, usage: Usage) -> Usage {
        if costs_nothing(model) {
            return usage;
        }
        match self.of(model) {
            Some(price) => Usage { cost_micros: micros(price, &usage), ..usage },
            None => Usage { unpriced_tokens: usage.input_tokens.saturating_add(usage.output_tokens), ..usage },
        }
    }
}

/// What tokens cost in millionths of a US dollar: what a million tokens cost in dollars, one costs in millionths.
fn micros(price: &Price, usage: &Usage) -> u64 {
    let (input, cached, output) = match price.long {
        Some(long) if usage.input_tokens > long.over => (long.input, long.cached_input, long.output),
        _ => (price.input, price.cached_input, price.output),
    };
    let fresh = usage.input_tokens.saturating_sub(usage.cached_input_tokens).saturating_sub(usage.cache_write_tokens);
    let parts = [
        (fresh, input),
        (usage.cached_input_tokens, cached.unwrap_or(input)),
        (usage.cache_write_tokens, price.cache_write.unwrap_or(input)),
        (usage.output_tokens, output),
    ];
    // To a millionth of a millionth, so that what adds up is whole numbers.
    let picos = |(tokens, price): (u64, f64)| u128::from(tokens) * (price * 1e6).round() as u128;
    let sum: u128 = parts.into_iter().map(picos).sum();
    u64::try_from((sum + 500_000) / 1_000_000).unwrap_or(u64::MAX)
}
/// Engines on one's own machine, and the offline planner.
fn costs_nothing(model: &str) -> bool {
    ["omega/", "ollama/", "lmstudio/", "llamacpp/"].iter().any(|own| model.starts_with(own))
}

/// A model's name without the date of its version.
fn undated(model: &str) -> &str {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = model.strip_suffix("-latest").unwrap_or(model);
    let Some((rest, last)) = name.rsplit_once('-') else { return name };
    if digits(last, 8) {
        return rest;
    }
    // 2025-08-07
    let mut parts = name.rsplitn(4, '-');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(day), Some(month), Some(year), Some(rest)) if digits(day, 2) && digits(month, 2) && digits(year, 4) => {
            rest
        }
        _ => name,
    }
}

/// What a run cost, for people, and that it was the conversation's owner who paid.
pub fn bill(usage: &Usage, paid_by: Option<Payer>) -> Option<String> {
    let sum = dollars(usage)?;
    Some(if paid_by == Some(Payer::Owner) { format!("{sum} on the owner's key") } else { sum })
}

/// What tokens cost, for people: `$0.0042`, `$1.25`; nothing where no price is known or nothing was to be paid.
pub fn dollars(usage: &Usage) -> Option<String> {
    let micros = usage.cost_micros;
    let sum = match micros {
        0 => return None,
        // Whoever looks at it wants to know that it is not nothing.
        1..100 => String::from("under $0.0001"),
        100..1_000_000 => format!("${}.{:04}", micros / 1_000_000, micros % 1_000_000 / 100),
        _ => format!("${}.{:02}", micros / 1_000_000, micros % 1_000_000 / 10_000),
    };
    Some(if usage.unpriced_tokens > 0 { format!("{sum} and what has no known price") } else { sum })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalog::PROVIDERS;

    fn usage(input: u64, cached: u64, written: u64, output: u64) -> Usage {
        Usage {
            input_tokens: input,
            cached_input_tokens: cached,
            cache_write_tokens: written,
            output_tokens: output,
            ..Usage::default()
        }
    }

    #[test]
    fn every_model_that_is_named_has_a_price() {
        let prices = Prices::default();
        for provider in PROVIDERS {
            for model in provider.models {
                let name = format!("{}/{model}", provider.name);
                assert!(prices.of(&name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn costs_are_exact_and_follow_what_was_cached_and_how_long_the_prompt_was() {
        let prices = Prices::default();
        for (model, usage, micros) in [
            ("openai/gpt-4.1-mini", usage(1_000_000, 0, 0, 0), 400_000),
            ("openai-responses/gpt-5-mini", usage(1_000, 600, 0, 100), 100 + 15 + 200),
            ("openai/gpt-4.1-mini-2025-04-14", usage(10, 0, 0, 10), 20),
            ("anthropic/claude-sonnet-4-5-20250929", usage(1_000, 500, 300, 100), 600 + 150 + 1125 + 1500),
            ("mistral/mistral-small-latest", usage(1_000, 0, 0, 1_000), 400),
            ("google/gemini-2.5-pro", usage(200_000, 0, 0, 1_000), 250_000 + 10_000),
            ("google/gemini-2.5-pro", usage(200_001, 0, 0, 1_000), 500_003 + 15_000),
        ] {
            let priced = prices.priced(model, usage);
            assert_eq!((priced.cost_micros, priced.unpriced_tokens), (micros, 0), "{model}");
        }
    }

    #[test]
    fn what_has_no_known_price_is_counted_apart_and_own_engines_cost_nothing() {
        let prices = Prices::default();
        for name in ["openai/gpt-4.1-mini-high", "compat/gpt-4.1", "openai/gpt-6", "groq/gpt-4.1"] {
            let priced = prices.priced(name, usage(10, 0, 0, 5));
            assert_eq!((priced.cost_micros, priced.unpriced_tokens), (0, 15), "{name}");
        }
        for name in ["omega/offline", "ollama/llama3.2:3b"] {
            let priced = prices.priced(name, usage(10, 0, 0, 5));
            assert_eq!((priced.cost_micros, priced.unpriced_tokens), (0, 0), "{name}");
        }
    }

    #[test]
    fn an_own_table_goes_before_and_a_wrong_one_is_refused() {
        let own = r#"{"models": {"openai/gpt-4.1-mini": {"input": 1, "output": 2}, "compat/x": {"input": 0.5, "output": 0}}}"#;
        let prices = Prices::default().with(own).unwrap();
        assert_eq!(prices.priced("openai/gpt-4.1-mini", usage(10, 10, 0, 1)).cost_micros, 12);
        assert_eq!(prices.priced("compat/x", usage(10, 0, 0, 1)).cost_micros, 5);
        assert_eq!(prices.of("openai/gpt-4.1"), Prices::default().of("openai/gpt-4.1"));
        for wrong in [
            "",
            "[]",
            r#"{"models": {"a/b": {"input": -1, "output": 2}}}"#,
            r#"{"models": {"a/b": {"input": 1}}}"#,
            r#"{"models": {"a/b": {"input": 1, "output": 2, "outptu": 3}}}"#,
        ] {
            assert!(Prices::default().with(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dollars_are_as_exact_as_they_are_of_use() {
        for (micros, unpriced, words) in [
            (0, 0, None),
            (0, 7, None),
            (99, 0, Some("under $0.0001")),
            (4_249, 0, Some("$0.0042")),
            (1_250_000, 0, Some("$1.25")),
            (4_200, 7, Some("$0.0042 and what has no known price")),
        ] {
            let usage = Usage { cost_micros: micros, unpriced_tokens: unpriced, ..Usage::default() };
            assert_eq!(dollars(&usage).as_deref(), words);
        }
    }
}
