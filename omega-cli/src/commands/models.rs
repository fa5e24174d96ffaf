//! `omega models`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::{api::Payer, sanitize::one_line};

/// List providers and models, and why some can't be used
///
/// Each with the key that pays and the price of a million tokens where they are known: models worth naming, and what
/// providers with a key say they have, asked for once an hour. Any other model of a provider works too: write it as
/// provider/model.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega models")]
pub struct Models {
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
}

impl Models {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let models = context.connect().await?.client.models().await?;
        if self.json {
            return context.ui.json(&models);
        }
        context.ui.line(format!("default  {} ({})", models.default, one_line(&models.default_reason, 200)))?;
        for provider in models.providers {
            let mark = if provider.available { "✓" } else { "✗" };
            let reason = provider.reason.map(|text| format!("  {}", one_line(&text, 200))).unwrap_or_default();
            let paid = match provider.paid_by {
                Some(Payer::Owner) => "  paid with your own key",
                Some(Payer::Server) => "  paid with the server's key",
                None => "",
            };
            let age = provider.listed_seconds_ago.map(|age| format!("  listed {}", ago(age))).unwrap_or_default();
            context.ui.line(format!("{mark} {}{paid}{reason}{age}", one_line(&provider.name, 80)))?;
            let cells = |model: &String| {
                let name = format!("{}/{model}", provider.name);
                let price = models.prices.get(&name).map(|price| format!("${} in, ${} out", price.input, price.output));
                [format!("    {}", one_line(&name, 200)), price.unwrap_or_default()]
            };
            if !provider.models.is_empty() {
                context.ui.rows(&provider.models.iter().map(cells).collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }
}

/// How long ago providers were asked.
fn ago(seconds: u64) -> String {
    match seconds / 60 {
        0 => "just now".to_owned(),
        1 => "a minute ago".to_owned(),
        minutes => format!("{minutes} minutes ago"),
    }
}
