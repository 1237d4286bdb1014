//! Peers that mean harm, on loopback: every probe at them ends in time, keeps little, and shows nothing that steers a
//! terminal in any form of report.
//!
//! What a probe says of such a peer is the probes' own tests' business; here it need only end well.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on fails")]

mod certificates;
mod dns;
mod harm;
mod http;
mod peer;
mod proxies;
mod tls;
mod udp;
