//! What an HTTP server said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An HTTP response. All text is the server's own, escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// `Server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// `Via`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Scheme, host and path of `Location`; its query is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// `Content-Type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The page's title, or the beginning of its text, 200 characters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// `Date`, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_s: Option<i64>,
    /// This computer's clock minus `Date`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead_s: Option<i64>,
    /// Whether it is what was expected, where something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_expected: Option<bool>,
    /// From the request to the response's head, in microseconds.
    pub took_us: u64,
}

/// What a Statuspage summary says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusPage {
    /// `none`, `minor`, `major` or `critical`.
    pub indicator: String,
    /// Its sentence.
    pub description: String,
    /// Names of components that are not operational, with their state; thirty at most are kept.
    pub impaired: Vec<String>,
}
