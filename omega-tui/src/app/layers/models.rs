//! Which model answers: what can be used, what it costs, and what is missing where it can't.

use super::{
    Handled, Kind, Picker,
    picker::{Choice, Source},
};
use crate::{
    app::{App, Effect},
    fuzzy,
    messages::{Command, Update},
};
use omega_core::api::{Models, Payer, Price, Provider};

#[derive(Debug, Default)]
pub struct ModelPicker {
    models: Option<Models>,
    problem: Option<String>,
    shown: Vec<Option<String>>,
}

impl ModelPicker {
    pub fn open(app: &mut App) -> Vec<Effect> {
        let mut effects = Picker::open(Self::default(), "", app);
        effects.push(Effect::Command(Command::ListModels));
        effects
    }
}

fn cost(price: &Price) -> String {
    format!("${} in, ${} out per million", price.input, price.output)
}

/// A provider's models, each once, by their whole names.
fn names(provider: &Provider) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for model in &provider.models {
        let whole = match model.strip_prefix(&format!("{}/", provider.name)) {
            Some(_) => model.clone(),
            None => format!("{}/{model}", provider.name),
        };
        if !names.contains(&whole) {
            names.push(whole);
        }
    }
    names
}

impl Source for ModelPicker {
    fn title(&self) -> &'static str {
        "models"
    }

    fn words(&self) -> &'static str {
        "provider/model; any name of a provider works"
    }

    fn list(&mut self, typed: &str, app: &App) -> Vec<Choice> {
        self.shown.clear();
        if let Some(problem) = &self.problem {
            self.shown.push(None);
            return vec![Choice { name: problem.clone(), is_off: true, ..Choice::default() }];
        }
        let Some(models) = &self.models else { return Vec::new() };
        let mut rows: Vec<(Option<String>, Choice)> = Vec::new();
        for provider in models.providers.iter().filter(|it| it.available) {
            for name in fuzzy::best(typed, names(provider), Clone::clone) {
                let price = models.prices.get(&name).map(cost).unwrap_or_default();
                let is_default = name == models.default;
                let here = app.model() == Some(name.as_str());
                let payer = match provider.paid_by {
                    Some(Payer::Owner) => "paid with your key",
                    Some(Payer::Server) => "paid by the server",
                    None => "needs no key",
                };
                let marks = [here.then_some("answers here"), is_default.then_some("the default")];
                let marks: Vec<&str> = marks.into_iter().flatten().chain([payer]).collect();
                let about = if is_default {
                    format!("{}: {}", marks.join(", "), models.default_reason)
                } else {
                    marks.join(", ")
                };
                let value = if here { format!("✓ {price}") } else { price };
                rows.push((
                    Some(name.clone()),
                    Choice { name, value, about, section: "can be used", ..Choice::default() },
                ));
            }
        }
        if typed.contains('/') && !typed.contains(' ') && rows.iter().all(|(name, _)| name.as_deref() != Some(typed)) {
            let choice = Choice {
                name: typed.to_owned(),
                value: String::from("as it is typed"),
                section: "another",
                ..Choice::default()
            };
            rows.push((Some(typed.to_owned()), choice));
        }
        for provider in models.providers.iter().filter(|it| !it.available && fuzzy::score(typed, &it.name).is_some()) {
            let reason = provider.reason.clone().unwrap_or_default();
            let about = format!("{reason}; enter opens the credentials, where its key can be stored");
            rows.push((
                None,
                Choice { name: provider.name.clone(), value: reason, about, section: "not now", is_off: false },
            ));
        }
        self.shown = rows.iter().map(|(name, _)| name.clone()).collect();
        rows.into_iter().map(|(_, choice)| choice).collect()
    }

    fn learn(&mut self, news: &Update) -> bool {
        match news {
            Update::Models(models) => self.models = Some((**models).clone()),
            Update::Failed(error) if self.models.is_none() => self.problem = Some(error.clone()),
            _ => return false,
        }
        true
    }

    fn is_asking(&self) -> bool {
        self.models.is_none() && self.problem.is_none()
    }

    fn take(&mut self, at: usize, _typed: &str, app: &mut App) -> Handled {
        match self.shown.get(at) {
            Some(Some(name)) => Handled::Closed(app.choose_model(name.clone())),
            Some(None) if self.models.is_some() => Handled::Closed(app.open_rows(Kind::Keys)),
            _ => Handled::Ignored,
        }
    }
}
