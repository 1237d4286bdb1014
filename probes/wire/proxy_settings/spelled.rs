//! How a proxy or a script's address is spelled in a setting, made safe to show.
//!
//! What stands before the last `@` is a user's secret and goes no further, whether or not the rest can be read.

use url::Url;

use crate::model::{Proxy, ProxySays};
use crate::wire::text::shown;

/// A proxy as a setting spells it: `[scheme://][user:password@]host[:port][/]`.
pub(super) fn usable(text: &str) -> ProxySays {
    let bare = without_user(text.trim());
    match bare.parse::<Proxy>() {
        Ok(proxy) => ProxySays::Use(shown(&proxy.to_string(), MAX_SPELLED)),
        Err(_) => unreadable(&bare),
    }
}

/// The address of a script as a setting spells it; the path of a file is one too.
pub(super) fn script(text: &str) -> ProxySays {
    let text = text.trim();
    // An authority without a colon holds no password, so an `@` after it belongs to the path.
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next()).unwrap_or(text);
    let bare = if authority.contains([':', '@']) { without_user(text) } else { text.to_owned() };
    if bare.starts_with('/') {
        return ProxySays::Script(shown(&bare, MAX_SPELLED));
    }
    match Url::parse(&bare) {
        Ok(url) if url.as_str().len() <= MAX_SPELLED => ProxySays::Script(shown(url.as_str(), MAX_SPELLED)),
        _ => unreadable(&bare),
    }
}

/// What can't be read as a setting. A text whose port is no number may be `user:password` without a host: its end is not told.
pub(super) fn unreadable(text: &str) -> ProxySays {
    let bare = without_user(text);
    let told = match bare.rsplit_once(':') {
        Some((before, after)) if !after.starts_with("//") && !after.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{before}:…")
        }
        _ => bare,
    };
    ProxySays::Unreadable(shown(&told, 200))
}

/// Longest spelling that is kept, in characters; host names end at 253, script addresses in use well below.
const MAX_SPELLED: usize = 1000;

/// The text without user and password. A raw `/`, `#` or `?` in a password would end the authority for a URL parser, which
/// would then show the rest: so everything up to the last `@` goes.
fn without_user(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (_, None) => text.to_owned(),
        (Some((scheme, _)), Some((_, rest))) if !scheme.contains('@') => format!("{scheme}://{rest}"),
        (_, Some((_, rest))) => rest.to_owned(),
    }
}
