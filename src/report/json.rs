//! The report for programs, and back: JSON of the schema `why5003.report/1`.
//!
//! It opens no file; it is handed text and gives text.

use serde::Deserialize;

use super::model::{Report, SCHEMA};

/// The report as indented JSON, ending with a line break.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect(ALWAYS_JSON);
    text.push('\n');
    text
}

/// The report as JSON on one line, ending with a line break: one report a line makes a history.
pub fn json_line(report: &Report) -> String {
    let mut text = serde_json::to_string(report).expect(ALWAYS_JSON);
    text.push('\n');
    text
}

/// Reads a report back, for replay and comparison.
///
/// # Errors [`ParseReportError::Malformed`] when the text is no JSON, or breaks the schema. It is
/// [`ParseReportError::OtherSchema`] when the report names another schema.
pub fn parse(text: &str) -> Result<Report, ParseReportError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let stamp: Stamp = serde_json::from_str(text).map_err(ParseReportError::malformed)?;
    if stamp.schema != SCHEMA {
        return Err(ParseReportError::OtherSchema { found: stamp.schema.chars().take(MAX_SCHEMA_CHARS).collect() });
    }
    serde_json::from_str(text).map_err(ParseReportError::malformed)
}

/// What must be known before the rest can be read.
#[derive(Deserialize)]
struct Stamp {
    schema: String,
}

/// The text is no report that this program reads.
#[derive(Debug, thiserror::Error)]
pub enum ParseReportError {
    /// No JSON, or not of this form.
    #[error("read the report")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1; 0 where a line's beginning is meant.
        column: usize,
        /// What is wrong there; its text repeats the place.
        source: serde_json::Error,
    },
    /// Another schema, or another version of it.
    #[error("read a report of schema {found:?}: this program reads {SCHEMA:?}")]
    OtherSchema {
        /// What it says it is; 60 characters at most.
        found: String,
    },
}

impl ParseReportError {
    fn malformed(source: serde_json::Error) -> Self {
        Self::Malformed { line: source.line(), column: source.column(), source }
    }
}

const ALWAYS_JSON: &str = "a report has text keys alone and writes to memory";
const MAX_SCHEMA_CHARS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_schema_is_named_before_anything_else_is_read() {
        let error = parse(r#"{"schema":"why5003.report/2","whatever":1}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "read a report of schema \"why5003.report/2\": this program reads \"why5003.report/1\""
        );
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_column() {
        let error = parse("{\"schema\":\"why5003.report/1\",\n \"tool\": 7}").unwrap_err();
        assert!(matches!(error, ParseReportError::Malformed { line: 2, column: 10, .. }), "{error:?}");
        let error = parse("").unwrap_err();
        assert!(matches!(error, ParseReportError::Malformed { line: 1, column: 0, .. }), "{error:?}");
    }
}
