//! `omega models`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::sanitize::one_line;

/// Lists providers and models. Any other model of a provider works too: write it as provider/model.
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
            context.ui.line(format!("{mark} {}{reason}", one_line(&provider.name, 80)))?;
            for model in provider.models {
                context.ui.line(format!("    {}/{}", one_line(&provider.name, 80), one_line(&model, 120)))?;
            }
        }
        Ok(())
    }
}
