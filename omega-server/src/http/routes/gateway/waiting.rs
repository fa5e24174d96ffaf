//! What a run waits for, in words for somebody who has only the answer, and where to give it.

use crate::http::request::front::{is_tls, prefix};
use axum::http::{HeaderMap, header};
use omega_core::api::RequiredAction;

/// A path of this server as an address that the client's person can open.
pub fn link(headers: &HeaderMap, path: &str) -> String {
    let scheme = if is_tls(headers) { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("{scheme}://{host}{}{path}", prefix(headers))
}

/// One paragraph: what is missing, that nothing is lost, and the page where a person gives it.
pub fn words(action: &RequiredAction, link: &str) -> String {
    let what = match action {
        RequiredAction::Credentials { missing_vars, requests, .. } => {
            let names: Vec<&str> = missing_vars.iter().map(|var| var.name.as_str()).collect();
            let mut tools: Vec<&str> = requests.iter().map(|request| request.tool_id.as_str()).collect();
            tools.dedup();
            format!("credentials that a person has to give: {}, for {}", names.join(", "), tools.join(", "))
        }
        RequiredAction::Approval { approvals, .. } => {
            let tools: Vec<&str> = approvals.iter().map(|approval| approval.tool_name.as_str()).collect();
            format!("a person's approval of {}", tools.join(", "))
        }
        RequiredAction::Plan { plans, .. } => format!("a person's choice among {} plans", plans.len()),
        RequiredAction::Alternatives { choices, .. } => {
            let tools: Vec<&str> = choices.iter().map(|choice| choice.tool_name.as_str()).collect();
            format!("a person's choice of another tool for {}", tools.join(", "))
        }
    };
    let until = action.expires_at();
    format!(
        "This is not the answer yet: the run waits for {what}. Give it at {link} by {until}, and the run goes on there."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_waited_for_is_named_with_where_to_answer() {
        const ID: &str = "019a0000-0000-7000-8000-000000000001";
        const AT: &str = "2026-01-01T00:00:00Z";
        let variable = json!({ "name": "ACME_KEY", "description": "" });
        let request = json!({ "id": ID, "toolId": "p::t", "requiredKeys": [variable], "missingKeys": [variable] });
        let approval = json!({ "id": ID, "toolRunId": ID, "toolId": "p::t", "toolName": "pay", "version": "1",
            "reason": "safe_mode", "input": {}, "credentials": [], "ownerOnly": false, "argsDigest": "" });
        let cases = [
            (
                json!({ "kind": "credentials", "missingVars": [variable], "requests": [request], "hint": "" }),
                "ACME_KEY, for p::t",
            ),
            (json!({ "kind": "approval", "approvals": [approval] }), "approval of pay"),
            (json!({ "kind": "plan", "planSetId": ID, "plans": [] }), "choice among 0 plans"),
            (json!({ "kind": "alternatives", "choices": [] }), "another tool"),
        ];
        for (mut action, says) in cases {
            action["expiresAt"] = json!(AT);
            let said = words(&serde_json::from_value(action).unwrap(), "http://a.test/omega/c/1");
            assert!(said.contains(says) && said.contains("http://a.test/omega/c/1 by 2026-01-01"), "{said}");
        }
    }

    #[test]
    fn a_link_is_the_address_that_the_client_asked() {
        let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect()
        };
        let behind = headers(&[("host", "a.test"), ("x-forwarded-proto", "https"), ("x-forwarded-prefix", "/tools")]);
        assert_eq!(link(&behind, "/omega/c/1"), "https://a.test/tools/omega/c/1");
        assert_eq!(link(&headers(&[("host", "127.0.0.1:8634")]), "/omega/c/1"), "http://127.0.0.1:8634/omega/c/1");
    }
}
