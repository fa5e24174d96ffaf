//! What a call gets that waits for a yes, and where that may go.

use crate::test_harness::TestHarness;
use serde_json::json;

#[test]
fn a_person_sees_what_a_tool_gets_and_where_its_input_says_that_it_goes() {
    let mut stage = TestHarness::new(160, 30);
    stage.awaits_approval(json!({"url": "https://google.com@evil.test/x", "to": "Ada@Example.org"}));
    assert!(stage.text().contains("input names ada@example.org, evil.test"), "{}", stage.text());
    let mut stage = TestHarness::new(160, 30);
    stage.awaits_approval(json!({"expr": "1+1"}));
    assert!(stage.text().contains("input names no address"), "{}", stage.text());
}

#[test]
fn a_guest_is_not_told_that_no_credential_is_in_it() {
    let mut stage = TestHarness::new(160, 30);
    stage.as_guest(true).awaits_approval(json!({"expr": "1+1"}));
    assert!(!stage.text().contains("no credential"), "{}", stage.text());
}
