//! How packets leave this computer, in the detail that who builds them himself needs.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{CannotProbe, Route};

/// What the kernel would do with a packet, asked of it; nothing here sends one.
pub trait Egress: Send + Sync {
    /// The route to an address, for packets from that source where one is given: rules by source apply then.
    ///
    /// # Errors
    /// [`CannotProbe`] where the system does not tell.
    fn route(&self, to: IpAddr, source: Option<IpAddr>) -> Result<Route, CannotProbe>;
    /// Where routes and rules of any table may part the addresses of these prefixes.
    ///
    /// # Errors
    /// As above; and where one of them could not be read.
    fn partings(&self, prefixes: &[IpNet]) -> Result<Partings, CannotProbe>;
    /// Whether the route to an address has several next hops, over which the kernel spreads flows.
    ///
    /// # Errors
    /// As above.
    fn spreads(&self, to: IpAddr, source: Option<IpAddr>) -> Result<bool, CannotProbe>;
    /// The Ethernet address of a neighbour on the link of that interface, `None` where none is known; asks nobody.
    ///
    /// # Errors
    /// As above.
    fn hardware_address(&self, neighbour: IpAddr, interface: &str) -> Result<Option<HardwareAddress>, CannotProbe>;
    /// Whether the kernel makes other packets of some that leave, by policies that no route shows (IPsec); as far as it tells.
    fn is_transformed(&self) -> bool;
}

/// What parts the addresses of some prefixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partings {
    /// Destinations inside the prefixes that have a route or a rule of their own, each once, in order. Between their ends all
    /// addresses are in the same state.
    pub inside: Vec<IpNet>,
    /// Some route of theirs or of all has several next hops.
    pub spread: bool,
    /// Some rule goes by the source of packets.
    pub by_source: bool,
}

/// What the neighbour table has of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HardwareAddress {
    /// The address.
    pub octets: [u8; 6],
    /// The kernel has not heard from it for a while, and would ask again if it sent to it (RFC 4861, 7.3.2).
    pub stale: bool,
}
