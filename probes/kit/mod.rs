//! What all probes share: the words of a look and of what it saw, and the seams to the outside.
//!
//! Nothing here decides what anything means; that is the verdict's work.

pub(crate) mod aim;
mod clock;
mod datagrams;
#[cfg(target_os = "linux")]
mod dont_fragment;
mod errno;
#[cfg(target_os = "linux")]
mod error_queue;
#[cfg(not(target_os = "linux"))]
#[path = "error_queue_none.rs"]
mod error_queue;
mod fact;
mod failure;
pub(crate) mod flight;
mod icmp;
pub(crate) mod ladder;
mod look;
#[cfg(all(test, target_os = "linux"))]
pub(crate) mod loopback;
mod network;
mod observation;
mod probe;
#[cfg(target_os = "linux")]
mod raw;
pub(crate) mod search;
mod sockets;
pub(crate) mod stun;
mod system;
mod target;
mod trust;

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
pub use sockets::Sockets;
pub use system::{System, SystemLookup};
pub use target::{ParseTargetError, Target, Transport};
pub use trust::Trust;
