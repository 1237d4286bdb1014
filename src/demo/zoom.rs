//! What Zoom's web hosts say.
//!
//! Only what a probe without an account gets to see.

use super::layout::ZoomSays;
use super::web::{Page, Site};

/// A web host, over TLS.
pub(super) fn web(says: ZoomSays) -> Site {
    Site::of(match says {
        // As zoom.us answers everybody who asks for "/".
        ZoomSays::Redirect => Page::redirect("301 Moved Permanently", "https://www.zoom.com/"),
        ZoomSays::Unavailable => {
            Page::html("503 Service Unavailable", "503 Service Unavailable", "The service is down for maintenance.")
        }
    })
}

/// The same host over plain HTTP.
pub(super) fn plain() -> Site {
    Site::of(Page::redirect("301 Moved Permanently", "https://zoom.us/"))
}

/// The names on Zoom's certificate.
pub(super) const CERTIFICATE_NAMES: &[&str] = &["zoom.us", "*.zoom.us", "zoom.com", "*.zoom.com"];
/// Its organisation.
pub(super) const ORGANISATION: &str = "Zoom Communications, Inc. (demo)";
