//! Whose certificate a try was shown.

use crate::evidence::Attempt;

/// The certificate is neither the host's by a public root, nor made for the host's name by anybody.
pub(in crate::verdict) fn shows_a_stranger(attempt: Attempt<'_>) -> bool {
    let Some(host) = attempt.host() else { return false };
    let Some(leaf) = attempt.chain().first() else { return false };
    !attempt.genuine() && !leaf.names.iter().any(|name| covers(name, host))
}

/// Whether a certificate's name covers a host (RFC 9525, 6.3: a wildcard stands for one label).
pub(in crate::verdict) fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wildcard_stands_for_exactly_one_label() {
        assert!(covers("*.zoom.us", "log.zoom.us"));
        assert!(covers("ZOOM.us", "zoom.us"));
        for (name, host) in [("*.zoom.us", "zoom.us"), ("*.zoom.us", "a.b.zoom.us"), ("*.us", "zoom.us.example")] {
            assert!(!covers(name, host), "{name} covers {host}");
        }
    }
}
