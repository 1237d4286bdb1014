//! Shared experiments that walk the TTL along a flow.

use std::net::SocketAddr;

use why5003_probes::model::{Probe, Role, Transport};

use super::{Experiment, Setup, probes};

/// At which hop does this flow die, and which hops does a passing flow reach?
pub const WHERE: Experiment<Where> = Experiment { told_by_silence: true, ..Experiment::new("where", where_it_dies) };

/// At which hop does this flow die, and which hops does another flow to the same address reach?
pub const BESIDE: Experiment<BesideFlow> = Experiment::new("beside", beside);

/// A flow that dies, and a destination whose TCP connections pass.
#[derive(Clone, Copy, Debug)]
pub struct Where {
    /// The flow's destination.
    pub to: SocketAddr,
    /// Its transport.
    pub transport: Transport,
    /// The destination that passes.
    pub passing: SocketAddr,
}

/// A flow that dies, and another one to the same address that passes, or may.
#[derive(Clone, Copy, Debug)]
pub struct BesideFlow {
    /// The flow's destination.
    pub to: SocketAddr,
    /// Its transport.
    pub transport: Transport,
    /// The other flow's port.
    pub port: u16,
    /// The other flow's transport.
    pub by: Transport,
}

impl Where {
    /// A TCP flow that dies, and a destination whose TCP connections pass.
    pub fn tcp(to: SocketAddr, passing: SocketAddr) -> Self {
        Self { to, transport: Transport::Tcp, passing }
    }
}

/// What a flow of this transport to Zoom is: its media go by UDP, all else by TCP.
pub fn role_by(transport: Transport) -> Role {
    if transport == Transport::Udp { Role::Media } else { Role::Range }
}

fn where_it_dies(_: &Setup<'_>, flow: &Where) -> Vec<Probe> {
    let role = role_by(flow.transport);
    vec![
        probes::traceroute(role, flow.to, flow.transport),
        probes::traceroute(Role::Control, flow.passing, Transport::Tcp),
    ]
}

fn beside(_: &Setup<'_>, flow: &BesideFlow) -> Vec<Probe> {
    let other = SocketAddr::new(flow.to.ip(), flow.port);
    vec![probes::traceroute(Role::Media, flow.to, flow.transport), probes::traceroute(Role::Media, other, flow.by)]
}
