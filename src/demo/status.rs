//! Zoom's status page: Statuspage's summary, as far as monitors read it.

use serde_json::json;

use super::layout::StatusSays;
use super::web::{Page, Site};

/// Where the summary is.
pub(super) const SUMMARY_PATH: &str = "/api/v2/summary.json";

/// The status page.
pub(super) fn page(says: StatusSays) -> Site {
    let (indicator, description, meetings) = match says {
        StatusSays::Operational => ("none", "All Systems Operational", "operational"),
        StatusSays::MajorOutage => ("major", "Major System Outage", "major_outage"),
    };
    let summary = json!({
        "page": {"id": "demo", "name": "Zoom", "url": "https://www.zoomstatus.com"},
        "status": {"indicator": indicator, "description": description},
        "components": [
            {"id": "1", "name": "Zoom Meetings", "status": meetings, "group": false},
            {"id": "2", "name": "Zoom Phone", "status": "operational", "group": false},
        ],
        "incidents": [],
        "scheduled_maintenances": [],
    });
    let pages = vec![(SUMMARY_PATH, Page::of("200 OK", "application/json; charset=utf-8", summary.to_string()))];
    Site { pages, otherwise: Page::html("200 OK", "Zoom Status", description) }
}
