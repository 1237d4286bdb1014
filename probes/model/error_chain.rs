//! An error with all that it was caused by, as one line of text.

use std::error::Error;

/// The error's text, and after it the text of each of its sources: `read the file: no such file`.
pub fn with_sources(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| Error::source(*error));
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::model::CannotProbe;

    #[test]
    fn what_an_error_was_caused_by_stands_behind_it() {
        let source = io::Error::other("closed");
        assert_eq!(with_sources(&source), "closed");
        assert_eq!(with_sources(&CannotProbe::Io { operation: "read it", source }), "read it: closed");
    }
}
