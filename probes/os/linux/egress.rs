//! How the kernel would send packets: its routes, rules, neighbours and IPsec policies.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{ipsec, neighbours, routes, tables};
use crate::model::{CannotProbe, Route};
use crate::os::{Egress, HardwareAddress, Partings};

/// The kernel of the network namespace that this process is in.
pub(super) struct Kernel;

impl Egress for Kernel {
    fn route(&self, to: IpAddr, source: Option<IpAddr>) -> Result<Route, CannotProbe> {
        routes::route(to, source)
    }

    fn partings(&self, prefixes: &[IpNet]) -> Result<Partings, CannotProbe> {
        tables::partings(prefixes)
    }

    fn spreads(&self, to: IpAddr, source: Option<IpAddr>) -> Result<bool, CannotProbe> {
        routes::spreads(to, source)
    }

    fn hardware_address(&self, neighbour: IpAddr, interface: &str) -> Result<Option<HardwareAddress>, CannotProbe> {
        neighbours::hardware_address(neighbour, interface)
    }

    fn is_transformed(&self) -> bool {
        ipsec::takes_packets()
    }
}
