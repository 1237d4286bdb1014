//! What all probes share: the words of a look and of what it saw, and the seams to the outside.
//!
//! Nothing here decides what anything means; that is the verdict's work.

pub(crate) mod aim;
pub(crate) mod broken;
pub(crate) mod certificate;
mod clock;
pub(crate) mod converse;
mod datagrams;
pub(crate) mod dns_crypt;
pub(crate) mod dns_https;
pub(crate) mod dns_stream;
pub(crate) mod dns_udp;
pub(crate) mod dns_wire;
#[cfg(target_os = "linux")]
mod dont_fragment;
pub mod download;
pub(crate) mod errno;
mod error_chain;
#[cfg(target_os = "linux")]
pub(crate) mod error_queue;
#[cfg(not(target_os = "linux"))]
#[path = "error_queue_none.rs"]
pub(crate) mod error_queue;
mod excerpt;
mod fact;
mod failure;
mod family;
pub(crate) mod flight;
pub(crate) mod handshake;
pub mod http;
mod http_date;
pub(crate) mod icmp;
pub(crate) mod ladder;
mod location;
mod look;
pub mod nat64;
mod network;
mod observation;
pub(crate) mod open;
mod probe;
pub mod proxy_settings;
#[cfg(target_os = "linux")]
mod raw;
pub(crate) mod reach;
pub(crate) mod room;
pub(crate) mod search;
pub(crate) mod settle;
pub(crate) mod side_by_side;
pub(crate) mod sockets;
mod special;
pub mod status_page;
pub(crate) mod stun;
mod system;
pub(crate) mod tap;
mod target;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod trust;
pub mod tunnel;
mod via;
#[cfg(unix)]
pub(crate) mod watched;

/// A name that a certificate can be for; the probes' one word of rustls.
pub(crate) use rustls::pki_types::ServerName;

pub use clock::{Clock, SystemClock};
pub use error_chain::with_sources;
pub use fact::*;
pub use failure::{Failure, How, Stage};
pub use family::Family;
pub use location::Location;
pub use look::{Dialect, Expect, Fetch, Hello, Look, Method, RecordType, Role, Settings, Sni, TlsVersions};
pub use network::{Datagram, DatagramOptions, Dial, Dialled, Heard, Network, Outcome, Pending, SegmentTtl, Stream};
pub use observation::Observation;
pub use probe::{BadLook, CannotLook, Kind, Layer, Means, Probe, Seen};
pub use sockets::Sockets;
pub use special::AddressScope;
#[cfg(target_os = "linux")]
pub use system::Linux;
pub use system::{Counters, Egress, Elsewhere, HardwareAddress, Partings, System, SystemLookup, this_system};
pub use target::{ParseTargetError, Target, Transport};
pub use trust::Trust;
pub(crate) use tunnel::tunnel_by;
pub use tunnel::{Tunnelled, tunnel};
pub use via::{DnsTransport, ParseViaError, Proxy, ProxyScheme, Secret, Via};
