//! Reads the summary that an Atlassian Statuspage serves as `/api/v2/summary.json`, as Zoom's does.
//!
//! It takes what it needs and ignores the rest; a body that is no such summary is none.

use serde::Deserialize;

use crate::model::StatusPage;
use crate::wire::text::shown;

/// What a summary says, `None` where the body is none.
pub(crate) fn status_page(body: &[u8]) -> Option<StatusPage> {
    let summary: Summary = serde_json::from_slice(body).ok()?;
    let impaired = summary.components.iter().filter(|component| component.status != "operational");
    Some(StatusPage {
        indicator: shown(&summary.status.indicator, STATE_CHARS),
        description: shown(&summary.status.description, SENTENCE_CHARS),
        impaired: impaired.take(COMPONENTS).map(Component::line).collect(),
    })
}

/// The part of Statuspage's public API, version 2, that tells the state of things.
#[derive(Deserialize)]
struct Summary {
    status: Status,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Status {
    indicator: String,
    description: String,
}

#[derive(Deserialize)]
struct Component {
    name: String,
    status: String,
}

impl Component {
    fn line(&self) -> String {
        format!("{}: {}", shown(&self.name, NAME_CHARS), shown(&self.status, STATE_CHARS))
    }
}

/// As [`StatusPage`] promises.
const COMPONENTS: usize = 30;
const NAME_CHARS: usize = 80;
const STATE_CHARS: usize = 40;
const SENTENCE_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_summary_names_what_is_not_operational() {
        let body = br#"{"page":{"id":"x"},"status":{"indicator":"minor","description":"Partial"},
            "components":[{"name":"Zoom Meetings","status":"operational"},{"name":"Zoom Phone","status":"degraded_performance","group":false}]}"#;
        let expected = StatusPage {
            indicator: "minor".to_owned(),
            description: "Partial".to_owned(),
            impaired: vec!["Zoom Phone: degraded_performance".to_owned()],
        };
        assert_eq!(status_page(body), Some(expected));
    }

    #[test]
    fn a_block_page_is_no_summary() {
        assert_eq!(status_page(b"<html>blocked</html>"), None);
    }

    #[test]
    fn at_most_thirty_components_are_kept() {
        let component = r#"{"name":"x","status":"major_outage"}"#;
        let body = format!(
            r#"{{"status":{{"indicator":"major","description":"x"}},"components":[{}]}}"#,
            [component; 99].join(",")
        );
        assert_eq!(status_page(body.as_bytes()).unwrap().impaired.len(), 30);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body: Vec<u8>) {
            let _any = status_page(&body);
        }

        #[test]
        fn whatever_a_summary_says_is_escaped_and_cut(name: String, status: String, description: String) {
            let body = serde_json::json!({
                "status": {"indicator": status, "description": description},
                "components": [{"name": name, "status": status}],
            });
            let page = status_page(body.to_string().as_bytes()).unwrap();
            let texts = page.impaired.iter().chain([&page.indicator, &page.description]);
            for text in texts {
                prop_assert!(text.chars().count() <= 201 && !text.chars().any(char::is_control));
            }
        }
    }
}
