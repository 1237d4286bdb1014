//! The IP TTL of answering segments, where raw sockets are not used.

use crate::model::CannotProbe;
use crate::net::{Dial, SegmentTtl};

/// Says that it cannot see them.
///
/// # Errors
/// Always [`CannotProbe::Unsupported`].
#[expect(clippy::unused_async, reason = "the signature is that of Linux")]
pub(crate) async fn segment_ttls(_: Dial) -> Result<Vec<SegmentTtl>, CannotProbe> {
    Err(CannotProbe::Unsupported { what: "the IP TTL of the segments that answer", why: "done on Linux alone" })
}
