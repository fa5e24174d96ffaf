//! `omega models`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::{api::Payer, sanitize::one_line};

/// Lists providers and models, with the key that pays and the price of a million tokens where they are known. Any other model
/// of a provider works too: write it as provider/model.
#[derive(Debug, Args)]
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
            context.ui.line(format!("{mark} {}{paid}{reason}", one_line(&provider.name, 80)))?;
            for model in provider.models {
                let name = format!("{}/{model}", provider.name);
                let price =
                    models.prices.get(&name).map(|price| format!("  ${} in, ${} out", price.input, price.output));
                context.ui.line(format!("    {}{}", one_line(&name, 200), price.unwrap_or_default()))?;
            }
        }
        Ok(())
    }
}
