//! The layers of the way from this computer to Zoom.
//!
//! It orders them; what a layer's fault means is the verdict's work.

/// A layer of the way from this computer to Zoom, nearest first.
///
/// Closed on purpose: the order is that of masking, and every rule knows all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// This computer.
    Host,
    /// Its own link and gateway.
    Link,
    /// The path beyond the gateway, whatever the port.
    Path,
    /// Names.
    Dns,
    /// The way through a proxy.
    Proxy,
    /// What lets packets pass or not, by address, port or content.
    Filter,
    /// TLS and certificates.
    Tls,
    /// Zoom's own side.
    Zoom,
    /// The installed client.
    Client,
}
