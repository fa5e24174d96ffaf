//! Keys in addresses are refused: an address ends up in histories, logs and on screens (ASVS 14.2.1).

use crate::http::reply::ApiError;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use omega_core::api::ErrorCode;

const NAMES: [&str; 8] =
    ["api_key", "apikey", "api-key", "access_token", "token", "authorization", "bearer", "session"];

/// Refuses a request whose address holds what should be in a header.
pub async fn layer(request: Request, next: Next) -> Response {
    if request.uri().query().is_some_and(holds_a_key) {
        return ApiError::new(
            ErrorCode::BadRequest,
            "a key does not belong into an address: send it as Authorization: Bearer tpmjs_sk_..., and revoke this one, \
             since addresses are kept in logs and histories",
        )
        .into_response();
    }
    next.run(request).await
}

fn holds_a_key(query: &str) -> bool {
    query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        NAMES.contains(&name.to_lowercase().as_str()) || value.contains("tpmjs_sk_")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_noticed_wherever_it_stands() {
        for bad in ["api_key=x", "limit=1&Access_Token=x", "q=tpmjs_sk_abc", "token"] {
            assert!(holds_a_key(bad), "{bad}");
        }
        for good in ["limit=1&after=2", "q=token", "toolId=a::b"] {
            assert!(!holds_a_key(good), "{good}");
        }
    }
}
