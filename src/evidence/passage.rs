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
    begun: u64,
    left: u64,
    withheld: u64,
}

impl Passage {
    pub(super) fn of(seen: &Observation) -> Option<Self> {
        let to = seen.look.target.socket()?;
        seen.facts.iter().find_map(|fact| match fact {
            Fact::Counted { begun, left, withheld } => {
                Some(Self { id: seen.id, to, begun: u64::from(*begun), left: *left, withheld: *withheld })
            }
            _ => None,
        })
    }

    /// Fewer packets left this computer than SYNs were sent: most of them were swallowed here.
    pub fn is_kept_in(self) -> bool {
        self.begun > 0 && self.left * 2 <= self.begun
    }

    /// Every SYN can have left.
    pub fn gets_out(self) -> bool {
        self.begun > 0 && self.left >= self.begun
    }

    /// About as many packets as SYNs were sent arrived, and were handed to nobody.
    pub fn is_kept_out(self) -> bool {
        self.begun > 0 && self.withheld * 4 >= self.begun * 3
    }

    /// Hardly any packet that arrived was handed to nobody.
    pub fn is_let_in(self) -> bool {
        self.withheld * 4 <= self.begun
    }
}
