//! All that a sweep found, from which everything else is concluded.

use super::common_path::Trunks;
use super::ledger::Ledger;
use super::reach::Settled;
use super::space::Space;

/// What was asked, what came, and what was settled of it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What was asked.
    pub space: &'a Space,
    /// What came.
    pub ledger: &'a Ledger,
    /// What was settled of that.
    pub settled: &'a Settled,
    /// By which routers.
    pub trunks: &'a Trunks,
}
