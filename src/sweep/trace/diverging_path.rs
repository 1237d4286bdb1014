//! What is known of the path of one prefix by one transport.

use ipnet::IpNet;
use why5003_probes::model::Transport;

/// A prefix and a transport: what routers choose a path by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PrefixTransport {
    pub(super) prefix: IpNet,
    pub(super) transport: Transport,
}

/// What is known of the path of a prefix by a transport.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DivergingPath {
    /// The hop behind the end of the common path at which a router answers.
    pub(super) hop: Option<u8>,
    /// Of how many of its targets that was asked.
    pub(super) asked: usize,
}
