//! What stands in an HTTP answer: its date, its text, the summary of a status page.
//!
//! The exchange itself is `session::http`.

mod date;
mod excerpt;
mod status_page;

pub(crate) use date::http_date;
pub(crate) use excerpt::excerpt;
pub(crate) use status_page::status_page;
