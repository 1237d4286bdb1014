//! What tests of probes and of the kit are handed: real sockets that reach loopback alone, a clock, names, roots, peers.

mod names;
mod network;
mod peers;
mod scene;
mod server;

pub(crate) use names::Names;
pub(crate) use network::Loopback;
#[cfg(target_os = "linux")]
pub(crate) use peers::SilentTcp;
pub(crate) use peers::{ClosedTcp, ClosedUdp, Peer, head, say};
pub(crate) use scene::{Scene, Stopped, nobody, trusting};
pub(crate) use server::{Identity, identity};
