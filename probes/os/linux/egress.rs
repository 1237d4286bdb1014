//! How the kernel would send packets: its routes, rules, neighbours and IPsec policies.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{ipsec, neighbours, routes, tables};
use crate::model::{CannotLook, Route};
use crate::os::{Egress, HardwareAddress, Partings};

/// The kernel of the network namespace that this process is in.
pub(super) struct Kernel;

impl Egress for Kernel {
    fn route(&self, to: IpAddr, source: Option<IpAddr>) -> Result<Route, CannotLook> {
        routes::route(to, source)
    }

    fn partings(&self, prefixes: &[IpNet]) -> Result<Partings, CannotLook> {
        tables::partings(prefixes)
    }

    fn spreads(&self, to: IpAddr, source: Option<IpAddr>) -> Result<bool, CannotLook> {
        routes::spreads(to, source)
    }

    fn hardware_address(&self, neighbour: IpAddr, interface: &str) -> Result<Option<HardwareAddress>, CannotLook> {
        neighbours::hardware_address(neighbour, interface)
    }

    fn is_transformed(&self) -> bool {
        ipsec::takes_packets()
    }
}
