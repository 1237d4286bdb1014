//! A place holder until the real tunnel is merged: it opens none.

use std::time::Duration;

use super::{CannotLook, Fact, Failure, Means, Proxy, Stream};

/// What asking a proxy for a tunnel brought.
pub struct Tunnelled {
    /// What was seen on the way.
    pub facts: Vec<Fact>,
    /// The stream to the far end, or what came instead.
    pub stream: Result<Box<dyn Stream>, Failure>,
}

/// Opens a tunnel.
///
/// # Errors
/// [`CannotLook::Unsupported`], always.
pub async fn tunnel(
    _means: &Means<'_>,
    _proxy: &Proxy,
    _host: &str,
    _port: u16,
    _wait: Duration,
) -> Result<Tunnelled, CannotLook> {
    Err(CannotLook::Unsupported { what: "a tunnel", why: "not merged yet" })
}
