//! All that a sweep found, from which everything else is concluded.

use super::common_path::CommonPaths;
use super::reach::Reaches;
use super::results::Results;
use super::target_space::TargetSpace;

/// What was asked, what came, and what was traced of it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What was asked.
    pub space: &'a TargetSpace,
    /// What came.
    pub results: &'a Results,
    /// What was traced of that.
    pub reaches: &'a Reaches,
    /// By which routers.
    pub common_paths: &'a CommonPaths,
}
