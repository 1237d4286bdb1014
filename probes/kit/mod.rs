//! What all probes share: the words of a look and of what it saw, and the seams to the outside.
//!
//! Nothing here decides what anything means; that is the verdict's work.

mod clock;
mod fact;
mod failure;
pub mod http;
mod look;
mod network;
mod observation;
mod probe;
pub mod proxy_settings;
pub(crate) mod reach;
mod system;
mod target;
#[cfg(test)]
pub(crate) mod test_net_proxy;
pub mod text;
mod trust;
pub mod tunnel;

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
pub(crate) use tunnel::tunnel_by;
pub use tunnel::{Tunnelled, tunnel};
