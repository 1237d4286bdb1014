//! Bytes to values and back: DNS, STUN, ICMP, certificates, texts of HTTP, of proxy settings and of peers.
//!
//! Every reader here takes hostile bytes and is tested with any. Nothing here opens a socket, waits, reads a file or a clock.

pub(crate) mod certificate;
pub(crate) mod dns;
pub(crate) mod http;
pub(crate) mod icmp;
pub mod nat64;
pub mod proxy_settings;
pub(crate) mod stun;
pub mod text;
