//! The rule as a table: what is asked about, and what must not be.

use super::*;
use omega_core::registry::{Calling, Health};
use serde_json::json;

fn tool(export: &str, description: &str) -> Tool {
    Tool {
        tool_id: format!("acme-tools::{export}").parse().unwrap(),
        name: export.into(),
        description: description.into(),
        version: "1.0.0".into(),
        category: "other".into(),
        keywords: Vec::new(),
        input_schema: None,
        env: Vec::new(),
        calling: Calling::Tool,
        health: Health::Unknown,
        downloads: None,
        official: false,
        needs_approval: None,
        destructive: false,
        integrity: None,
        own: false,
    }
}

fn asks(tool: &Tool, input: &Value, has_credentials: bool) -> Option<String> {
    because(tool, omega_core::budget::ARGUMENTS.tree(input).unwrap(), has_credentials)
}

#[test]
fn tools_that_say_so_are_asked_about() {
    // With and without credentials.
    for (name, description) in [
        ("deleteFile", ""),
        ("delete_user", ""),
        ("files.delete", ""),
        ("github_delete_repo", ""),
        ("purgeCache", ""),
        ("wipeDevice", ""),
        ("findAndDelete", ""),
        ("destroyDroplet", ""),
        ("unpublishPackage", ""),
        ("cleanup", "Deletes all files in a bucket"),
        ("cleanup", "This tool permanently removes old records"),
        ("archive", "Moves a page away. This cannot be undone."),
        ("manage", "Tool to erase a disk"),
    ] {
        for has_credentials in [true, false] {
            assert!(asks(&tool(name, description), &json!({}), has_credentials).is_some(), "{name}: {description}");
        }
    }
    let hinted = Tool { destructive: true, ..tool("archive", "") };
    assert!(asks(&hinted, &json!({}), false).unwrap().contains("metadata"));
    let tagged = Tool { keywords: vec!["Destructive".into()], ..tool("archive", "") };
    assert!(asks(&tagged, &json!({}), false).unwrap().contains("keywords"));
}

#[test]
fn with_credentials_weaker_words_and_money_count_too() {
    for (name, description) in [
        ("removeMember", ""),
        ("dropTable", ""),
        ("cancelSubscription", ""),
        ("revokeKey", ""),
        ("terminateInstance", ""),
        ("sendPayment", ""),
        ("stripe_create_refund", ""),
        ("payInvoice", ""),
        ("transferFunds", ""),
        ("buyTicket", ""),
        ("submitTransaction", ""),
        ("cleanup", "Removes a member from the team"),
    ] {
        let tool = tool(name, description);
        assert!(asks(&tool, &json!({}), true).is_some(), "{name}: {description}");
        assert_eq!(asks(&tool, &json!({}), false), None, "{name}: {description}");
    }
}

#[test]
fn an_input_can_show_it() {
    let call = tool("request", "Calls the API of Acme");
    for input in [
        json!({ "method": "DELETE", "path": "/users/7" }),
        json!({ "http_method": "delete" }),
        json!({ "action": "remove", "id": 7 }),
        json!({ "options": { "operation": "deleteUser" } }),
        json!({ "sql": "DROP TABLE users" }),
        json!({ "statements": ["select 1", "delete from users where 1 = 1"] }),
        json!({ "q": "TRUNCATE users" }),
        json!({ "q": "update users set admin = true" }),
        json!({ "query": "mutation { deleteRepository(id: 7) { ok } }" }),
        json!({ "command": "cd / && rm -rf data" }),
        json!({ "cmd": "git push --force origin main" }),
        json!({ "cmd": "kubectl delete namespace prod" }),
    ] {
        assert!(asks(&call, &input, true).is_some(), "{input}");
        assert_eq!(asks(&call, &input, false), None, "{input}");
    }
}

#[test]
fn what_looks_or_works_on_its_input_is_not_asked_about() {
    for (name, description) in [
        ("evaluate", "Evaluates an expression"),
        ("removeBackground", "Removes the background of an image"),
        ("deleteWhitespace", "Deletes all spaces"),
        ("removeDuplicates", "Removes duplicates from a list"),
        ("dropNa", "Drops empty rows"),
        ("listDeletedFiles", "Lists files that were deleted"),
        ("getRefund", "Reads a refund"),
        ("paymentStatus", "Says where a payment stands"),
        ("refundCalculator", "Estimates a refund"),
        ("calculatePayment", "Monthly rate of a loan"),
        ("payrollReport", "Reports"),
        ("sendEmail", "Sends a message"),
        ("createOrder", "Sorts things"),
        ("translate", "Translates text without deleting anything; it does not permanently delete data"),
        ("sql_format", "Formats SQL"),
        ("clearFormatting", "Strips styles"),
        ("search", "Searches the web. Results can be removed by the site's owner."),
        ("undelete", "Brings a file back"),
        ("deletionPolicy", "Says how long things are kept"),
    ] {
        for has_credentials in [true, false] {
            let why = asks(&tool(name, description), &json!({ "q": "how do I delete a row?" }), has_credentials);
            assert_eq!(why, None, "{name}: {description}");
        }
    }
    let call = tool("request", "Calls the API of Acme");
    for input in [
        json!({ "method": "GET", "path": "/deleted" }),
        json!({ "method": "POST", "body": "please delete my comment about the drop in sales" }),
        json!({ "sql": "select * from deletes where dropped = 1" }),
        json!({ "sql": "update users set name = 'x' where id = 7" }),
        json!({ "action": "remove background" }),
        json!({ "mode": "clear text" }),
        json!({ "text": "He was killed in the drop." }),
    ] {
        assert_eq!(asks(&call, &input, true), None, "{input}");
    }
}

#[test]
fn names_are_read_as_people_write_them() {
    for (name, words) in [
        ("deleteFile", vec!["delete", "file"]),
        ("delete_file-now", vec!["delete", "file", "now"]),
        ("HTTPDelete", vec!["http", "delete"]),
        ("DELETE", vec!["delete"]),
        ("files.deleteAll2", vec!["files", "delete", "all"]),
    ] {
        assert_eq!(words_of(name), words, "{name}");
    }
}
