//! What the kernel counted beside connections begun at once: whether SYNs left, and whether answers were let in.

use std::net::SocketAddr;

use why5003_probes::model::{Fact, Observation};

/// What the kernel counted beside connections begun at once.
///
/// Other programs' packets are in the counts: only what lacks is sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The observation's number.
    pub id: u32,
    /// Where to.
    pub to: SocketAddr,
    /// SYNs sent.
    pub begun: u64,
    /// Packets that left this computer.
    pub left: u64,
    /// Packets that arrived and were handed to nobody.
    pub withheld: u64,
}

impl Passage {
    pub(super) fn of(seen: &Observation) -> Option<Self> {
        let to = seen.probe.target.socket()?;
        seen.facts.iter().find_map(|fact| match fact {
            Fact::Counted { begun, left, withheld } => {
                Some(Self { id: seen.id, to, begun: u64::from(*begun), left: *left, withheld: *withheld })
            }
            _ => None,
        })
    }
}
