//! The values that all others speak in: what is asked, and what came back.
//!
//! It offers the probe (target, way, settings), the facts, the failure, the observation and the reasons why nothing could be
//! looked at. Nothing here opens, sends, waits or reads a clock; it names no other room, no runtime and no operating system.

mod error;
mod error_chain;
mod fact;
mod failure;
mod family;
mod layer;
mod location;
mod observation;
mod pending;
mod probe;
mod probe_name;
mod seen;
mod special;
mod target;
mod via;

pub use error::{BadProbe, CannotProbe};
pub use error_chain::with_sources;
pub(crate) use fact::micros;
pub use fact::*;
pub use failure::{Failure, How, Stage};
pub use family::Family;
pub use layer::Layer;
pub use location::Location;
pub use observation::Observation;
pub use pending::Pending;
pub use probe::{Dialect, Expect, Fetch, Hello, Method, Probe, RecordType, Role, Settings, Sni, TlsVersions};
pub use probe_name::{ParseProbeNameError, ProbeName};
pub use seen::Seen;
pub use special::AddressScope;
pub use target::{ParseTargetError, Target, Transport};
pub use via::{DnsTransport, ParseViaError, Proxy, ProxyScheme, Secret, Via};
