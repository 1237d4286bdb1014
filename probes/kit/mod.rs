//! What all probes share: the words of a look and of what it saw, and the seams to the outside.
//!
//! Nothing here decides what anything means; that is the verdict's work.

mod broken;
mod clock;
pub(crate) mod dns_crypt;
pub(crate) mod dns_https;
pub(crate) mod dns_stream;
pub(crate) mod dns_udp;
pub(crate) mod dns_wire;
mod fact;
mod failure;
mod look;
mod network;
mod observation;
mod probe;
mod system;
mod tap;
mod target;
#[cfg(test)]
pub(crate) mod test_net;
pub mod text;
pub mod trust;

pub use clock::{Clock, SystemClock};
pub use fact::*;
pub use failure::{Failure, How, Stage};
pub use look::{
    Dialect, DnsTransport, Expect, Fetch, Hello, Look, Method, ParseViaError, Proxy, ProxyScheme, RecordType, Role,
    Secret, Settings, Sni, TlsVersions, Via,
};
pub use network::{Datagram, DatagramOptions, Dial, Dialled, Heard, Network, Outcome, Pending, SegmentTtl, Stream};
pub use observation::Observation;
pub use probe::{BadLook, CannotLook, Kind, Layer, Means, Probe, Seen};
pub use system::{System, SystemLookup};
pub use target::{ParseTargetError, Target, Transport};
pub use trust::Trust;
