//! What only the operating system can tell, behind one seam a system.
//!
//! It offers interfaces, routes, resolvers, proxy settings, the hosts file, limits, Zoom's clients, the clock and the store of root
//! certificates. Nothing here sends a packet of its own or writes to a file; only a lookup makes the system's library ask its
//! servers.

mod clock;
mod counters;
mod egress;
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
mod lookup;
mod trust_store;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::model::{
    CannotProbe, Client, HostsLine, Interface, Limit, Neighbour, Pending, ProxySetting, ResolverSetting, Route,
};

pub use clock::{Clock, SystemClock};
pub use counters::Counters;
pub use egress::{Egress, HardwareAddress, Partings};
pub use elsewhere::Elsewhere;
#[cfg(target_os = "linux")]
pub use linux::Linux;
pub use trust_store::{LoadTrustError, Trust};

/// The system this program runs on.
pub fn this_system() -> Box<dyn System> {
    #[cfg(target_os = "linux")]
    return Box::new(Linux::of_this_process());
    #[cfg(not(target_os = "linux"))]
    return Box::new(Elsewhere);
}

/// The operating system, as far as a diagnosis needs it.
///
/// Every method can fail with [`CannotProbe`]: what a system does not tell is reported as not probed.
/// No method has a body here: a system that wraps another one would lose it without a word from the compiler.
pub trait System: Send + Sync {
    /// The system's name for reports, such as `linux`.
    fn name(&self) -> &'static str;
    /// Whether raw sockets may be used.
    fn privileged(&self) -> bool;
    /// All interfaces with their addresses.
    ///
    /// # Errors
    /// [`CannotProbe`] where the system does not tell.
    fn interfaces(&self) -> Result<Vec<Interface>, CannotProbe>;
    /// The kernel's route to an address; sends nothing.
    ///
    /// # Errors
    /// As above.
    fn route(&self, to: IpAddr) -> Result<Route, CannotProbe>;
    /// The neighbour entry of an address on the link, `None` where there is none.
    ///
    /// # Errors
    /// As above.
    fn neighbour(&self, address: IpAddr) -> Result<Option<Neighbour>, CannotProbe>;
    /// How packets leave, for an engine that builds them itself.
    ///
    /// # Errors
    /// As above.
    fn egress(&self) -> Result<&dyn Egress, CannotProbe>;
    /// The lines of the hosts file that name one of these hosts.
    ///
    /// # Errors
    /// As above.
    fn hosts_lines(&self, names: &[String]) -> Result<Vec<HostsLine>, CannotProbe>;
    /// The configured resolvers, in the order of use.
    ///
    /// # Errors
    /// As above.
    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotProbe>;
    /// The proxy settings of this user and computer, in the order of precedence.
    ///
    /// # Errors
    /// As above.
    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotProbe>;
    /// Limits that bound how much can be probed.
    ///
    /// # Errors
    /// As above.
    fn limits(&self) -> Result<Vec<Limit>, CannotProbe>;
    /// Installed Zoom clients.
    ///
    /// # Errors
    /// As above.
    fn clients(&self) -> Result<Vec<Client>, CannotProbe>;
    /// What the kernel has counted of packets of this address's family.
    ///
    /// # Errors
    /// As above.
    fn counters(&self, of: IpAddr) -> Result<Counters, CannotProbe>;
    /// How many bytes sent on this TCP connection the other end has not acknowledged, what never left included; `None` where
    /// there is no such connection.
    ///
    /// # Errors
    /// As above.
    fn unacknowledged(&self, local: SocketAddr, peer: SocketAddr) -> Result<Option<u32>, CannotProbe>;
    /// Resolves a name as any program on this computer would (NSS).
    ///
    /// # Errors
    /// As above.
    fn lookup<'a>(&'a self, name: &'a str, wait: Duration) -> Pending<'a, Result<SystemLookup, CannotProbe>>;
}

/// What the system's own library gave for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemLookup {
    /// These addresses, in the order a program would try them.
    Found(Vec<IpAddr>),
    /// The library says that there is no such name or no address (`EAI_NONAME`, `EAI_NODATA`); its own words.
    NotFound(String),
    /// The library could not tell now (`EAI_AGAIN`); its own words.
    TryAgain(String),
    /// The library could not tell for another reason (`EAI_FAIL`); its own words.
    Failed(String),
    /// It did not come back in the time given.
    Silent,
}

/// Tries a raw ICMP socket and closes it at once: on Linux root and `CAP_NET_RAW` may (raw(7)).
fn may_open_raw_sockets() -> bool {
    Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).is_ok()
}
