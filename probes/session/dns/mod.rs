//! DNS queries over each transport: UDP, TCP, TLS and HTTPS.
//!
//! It asks once, as the transport has it, and hands on what came; the bytes are read by `wire::dns`.

mod https;
mod stream;
mod tls;
mod udp;

pub(crate) use https::by_https;
pub(crate) use stream::{Asking, by_tcp};
pub(crate) use tls::by_tls;
pub(crate) use udp::by_udp;
