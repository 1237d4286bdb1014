//! What holds of the judge whatever it is shown.

use libtest_mimic::Trial;

/// The properties, as tests.
pub(super) fn trials() -> Vec<Trial> {
    Vec::new()
}
