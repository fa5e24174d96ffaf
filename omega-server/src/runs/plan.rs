//! Plans without executing (P4): the registry is searched, and the model orders what was found into steps.

use super::{Engine, discreet::Discreet, rights::Holdings, tools};
use futures_util::StreamExt;
use omega_core::{
    agent::{
        meta::{self, SearchInput},
        prompt,
    },
    api::{Plan, PlanAnswer, PlanStep},
    id::PlanId,
    model::{ModelError, ModelEvent, ModelRequest, ToolCall, ToolChoice, ToolResult, Turn, Usage},
    redact::Redactor,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Proposed {
    plans: Vec<ProposedPlan>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProposedPlan {
    steps: Vec<PlanStep>,
    #[serde(default)]
    confidence: f64,
    #[serde(default)]
    reasoning: String,
}

impl Engine {
    /// Makes up to `count` plans for a task, with the tokens that it took; `note` says what was wrong with earlier ones, and `redactor`
    /// what the model must not see.
    ///
    /// # Errors
    /// What failed at the model; [`ModelError::Protocol`] when its answer holds no plan.
    pub async fn plan(
        &self,
        model_name: &str,
        message: &str,
        count: u8,
        note: Option<&str>,
        redactor: Redactor,
    ) -> Result<(PlanAnswer, Usage), ModelError> {
        let model = Discreet::before(self.inner.models.resolve(model_name)?, redactor);
        let input = SearchInput { query: message.to_owned(), category: None, limit: 10 };
        let found = tools::find(self, &input, &Holdings::default())
            .await
            .map_err(|error| ModelError::Config(format!("plans need the registry: {error}")))?;
        let call = ToolCall {
            id: "call_search".into(),
            name: meta::SEARCH.into(),
            arguments: serde_json::to_string(&input).unwrap_or_default(),
            provider_state: None,
        };
        let request = ModelRequest {
            model: model_name.split_once('/').map_or(model_name, |(_, model)| model).to_owned(),
            system: prompt::planning(count, note),
            turns: vec![
                Turn::User { text: message.to_owned() },
                Turn::Assistant { text: String::new(), calls: vec![call], provider_state: Vec::new() },
                Turn::Tools {
                    results: vec![ToolResult {
                        call_id: "call_search".into(),
                        name: meta::SEARCH.into(),
                        content: serde_json::to_string(&found).unwrap_or_default(),
                        is_error: false,
                    }],
                },
            ],
            tools: meta::specs(),
            tool_choice: ToolChoice::None,
            max_output_tokens: None,
        };
        let mut events = model.stream(request).await?;
        let (mut text, mut usage) = (String::new(), Usage::default());
        while let Some(event) = events.next().await {
            match event? {
                ModelEvent::Text(more) => text.push_str(&more),
                ModelEvent::Usage(used) => usage = used,
                _ => {}
            }
        }
        let mut plans = read(&text)?;
        plans.truncate(usize::from(count));
        let best = plans.first().ok_or_else(|| no_plan("its list is empty"))?;
        let answer = PlanAnswer {
            plan: best.steps.clone(),
            confidence: best.confidence,
            reasoning: best.reasoning.clone(),
            missing_vars: best.missing_vars.clone(),
            plan_set_id: None,
            plans,
        };
        Ok((answer, usage))
    }
}

fn no_plan(reason: &str) -> ModelError {
    ModelError::Protocol { provider: "the model".into(), message: format!("it gave no plan ({reason}); ask again") }
}

/// Reads plans from an answer: JSON, possibly in a fence or between words.
fn read(text: &str) -> Result<Vec<Plan>, ModelError> {
    let (start, end) = text.find('{').zip(text.rfind('}')).ok_or_else(|| no_plan("no JSON in its answer"))?;
    let json = text.get(start..=end).ok_or_else(|| no_plan("no JSON in its answer"))?;
    let proposed: Proposed = serde_json::from_str(json).map_err(|error| no_plan(&error.to_string()))?;
    Ok(proposed
        .plans
        .into_iter()
        .filter(|plan| !plan.steps.is_empty())
        .map(|plan| Plan {
            id: PlanId::new(),
            steps: plan
                .steps
                .into_iter()
                .zip(1..)
                .map(|(step, step_number)| PlanStep { step_number, ..step })
                .collect(),
            confidence: if plan.confidence.is_finite() { plan.confidence.clamp(0.0, 1.0) } else { 0.0 },
            reasoning: plan.reasoning,
            missing_vars: Vec::new(),
            pins: Vec::new(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_from_a_fence_and_numbered_anew() {
        let text = "Here:\n```json\n{\"plans\":[{\"steps\":[{\"stepNumber\":7,\"toolName\":\"mathjs::evaluate\",\
                    \"purpose\":\"compute\"}],\"confidence\":1.7,\"reasoning\":\"fits\"}]}\n```";
        let plans = read(text).unwrap();
        assert_eq!((plans[0].steps[0].step_number, plans[0].confidence), (1, 1.0));
        assert!(read("I would rather not").is_err());
        assert!(read("{\"plans\": 5}").is_err());
    }
}
