//! Why a world could not be opened.

use std::io;
use std::net::SocketAddr;

/// A world could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// A socket could not be had.
    #[error("open a server of the demo at {at}")]
    Open {
        /// The real address and port.
        at: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// A certificate could not be made.
    #[error("make a certificate of the demo")]
    Certificate(#[from] rcgen::Error),
    /// A TLS server could not be set up.
    #[error("set up a TLS server of the demo")]
    Tls(#[from] rustls::Error),
}
