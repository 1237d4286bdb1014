//! What needs a socket and a protocol: DNS by each transport, TLS, HTTP, tunnels through proxies, proxy scripts, downloads.
//!
//! It works on the network, clock, system and roots that it is handed ([`Means`]). It tells what came as facts and a failure; it
//! plans nothing, repeats nothing unless its doc says so, and judges nothing.

pub(crate) mod dial;
pub(crate) mod dial_host;
pub(crate) mod dns;
pub mod download;
pub(crate) mod http;
mod means;
pub(crate) mod pac;
pub(crate) mod quiet_path;
pub(crate) mod stream_error;
pub(crate) mod tls;
pub mod tunnel;

pub use means::Means;
pub use tunnel::Tunnelled;
