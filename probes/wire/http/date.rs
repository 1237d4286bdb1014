//! Reads the date of an HTTP response.
//!
//! All three forms that RFC 9110, section 5.6.7 asks a recipient to accept; a date that is none of them is no date.

use jiff::Timestamp;
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::Offset;

/// Seconds since 1970 of an HTTP date, `None` where the text is none.
///
/// A two-digit year from 69 to 99 is of the last century.
pub(crate) fn http_date(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.len() > MAX_CHARS {
        return None;
    }
    imf_fixdate(text).or_else(|| OBSOLETE.iter().find_map(|format| obsolete(format, text)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the weekday is not held against the date, as the clock that wrote it may be broken.
fn imf_fixdate(text: &str) -> Option<i64> {
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).ok().map(Timestamp::as_second)
}

fn obsolete(format: &str, text: &str) -> Option<i64> {
    let civil = strtime::parse(format, text).ok()?.to_datetime().ok()?;
    Offset::UTC.to_timestamp(civil).ok().map(Timestamp::as_second)
}

/// RFC 850, then C's `asctime`.
const OBSOLETE: &[&str] = &["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// Twice the longest form.
const MAX_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_three_forms_of_rfc_9110_name_the_same_second() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(http_date(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_date_is_none() {
        for text in ["", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT", "0"] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}") {
            let _any = http_date(&text);
        }

        #[test]
        fn what_is_written_by_the_rule_is_read_back(second in 0i64..4_000_000_000) {
            let time = Timestamp::from_second(second).unwrap();
            let text = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).unwrap();
            prop_assert_eq!(http_date(&text), Some(second));
        }
    }
}
