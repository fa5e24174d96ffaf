//! `POST /list-exports` and `POST /load-and-describe`: what a package holds.

use super::{
    Shared,
    answer::{self, Refusal},
    request::{PackageRequest, fields},
};
use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse, Response},
};
use omega_core::executor::{Described, DescribedPackage, ToolError, ToolErrorCode};
use serde_json::{Value, json};
use std::sync::{Arc, atomic::Ordering};

type Body = Result<Bytes, BytesRejection>;

/// All exports, and which of them are tools. `described` has the package as another Omega wants it.
pub async fn all(State(shared): State<Arc<Shared>>, body: Body) -> Result<Response, Refusal> {
    let asked = PackageRequest::parse(&fields(body)?, false)?;
    Ok(match describe(&shared, &asked).await? {
        Err(error) => answer::failed(&error),
        Ok(package) => {
            let tool = |tool: &Described| json!({ "name": tool.name, "isValidTool": true, "description": tool.description, "error": null });
            let function = |name: &String| json!({ "name": name, "isValidTool": false, "description": null, "error": "a plain function" });
            let tools: Vec<Value> =
                package.tools.iter().map(tool).chain(package.functions.iter().map(function)).collect();
            let exports: Vec<&str> = names(&package).collect();
            Json(json!({ "success": true, "exports": exports, "tools": tools, "version": package.version, "described": package }))
                .into_response()
        }
    })
}

/// One tool: what it does, and its input.
pub async fn one(State(shared): State<Arc<Shared>>, body: Body) -> Result<Response, Refusal> {
    let asked = PackageRequest::parse(&fields(body)?, true)?;
    let package = match describe(&shared, &asked).await? {
        Ok(package) => package,
        Err(error) => return Ok(answer::failed(&error)),
    };
    let Some(tool) = find(&package, &asked.name) else { return Ok(answer::failed(&not_there(&package, &asked.name))) };
    let tool = json!({
        "name": tool.name, "description": tool.description, "inputSchema": tool.input_schema, "env": tool.env, "shape": tool.shape,
        "needsApproval": tool.needs_approval,
    });
    Ok(Json(json!({ "success": true, "tool": tool, "version": package.version })).into_response())
}

async fn describe(shared: &Shared, asked: &PackageRequest) -> Result<Result<DescribedPackage, ToolError>, Refusal> {
    if shared.draining.load(Ordering::Relaxed) {
        return Err(Refusal::unavailable("this executor ends; ask another one, or try again in a moment"));
    }
    let _packages = shared.packages.read().await;
    Ok(shared.executor.describe(&asked.package, &asked.version, &asked.owner).await)
}

/// The tool of a name, or of nearly that name, as calls find it.
fn find<'a>(package: &'a DescribedPackage, name: &str) -> Option<&'a Described> {
    let named = |wanted: &str| package.tools.iter().find(|tool| tool.name.eq_ignore_ascii_case(wanted));
    package
        .tools
        .iter()
        .find(|tool| tool.name == name)
        .or_else(|| named(name))
        .or_else(|| named(&format!("{name}Tool")))
}

fn not_there(package: &DescribedPackage, name: &str) -> ToolError {
    if package.functions.iter().any(|function| function == name) {
        let message = format!("the export {name:?} is a plain function; it has no schema to describe");
        return ToolError::new(ToolErrorCode::NotATool, message);
    }
    let available: Vec<&str> = names(package).collect();
    let message = format!("the package has no tool {name:?}; it has {}", available.join(", "));
    ToolError::new(ToolErrorCode::ToolNotFound, message).with(json!({ "available": available }))
}

fn names(package: &DescribedPackage) -> impl Iterator<Item = &str> {
    package.tools.iter().map(|tool| tool.name.as_str()).chain(package.functions.iter().map(String::as_str))
}
