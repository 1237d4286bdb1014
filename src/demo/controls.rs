//! What the neutral places say, and the pages that stand in the way of others.

use super::houses::LOGIN_PAGE_NAME;
use super::web::{Page, Site};

/// A neutral host.
pub(super) fn neutral() -> Site {
    Site::of(Page::html("200 OK", "Example", "A neutral host of the demo."))
}

/// A page whose content is known, as systems use to find captive portals.
pub(super) fn known() -> Site {
    let pages = vec![
        (KNOWN_TEXT_PATH, Page::of("200 OK", "text/plain", format!("{KNOWN_TEXT}\n"))),
        (NO_CONTENT_PATH, Page::empty("204 No Content")),
    ];
    Site { pages, otherwise: Page::empty("404 Not Found") }
}

/// A revocation list's server; the list itself is nobody's business here.
pub(super) fn revocation() -> Site {
    Site::of(Page::of("200 OK", "application/pkix-crl", ""))
}

/// A captive portal: whatever is asked, log in first.
pub(super) fn captive() -> Site {
    Site::of(Page::redirect("302 Found", &format!("http://{LOGIN_PAGE_NAME}/")))
}

/// The portal's login page.
pub(super) fn login() -> Site {
    Site::of(Page::html("200 OK", "Log in", "Accept the terms to use this network."))
}

/// The page a filtering resolver points to.
pub(super) fn blocked() -> Site {
    Site::of(Page::html("403 Forbidden", "Site blocked", "Access to this site is blocked by policy."))
}

/// The path of a page with known text.
pub(super) const KNOWN_TEXT_PATH: &str = "/success.txt";
/// Its text.
pub(super) const KNOWN_TEXT: &str = "success";
/// The path of an empty page.
pub(super) const NO_CONTENT_PATH: &str = "/generate_204";
