//! What a sweep covers, in which order and at what pace, and what its answers mean: pure, and without a clock.
//!
//! A sweep sends one packet to each of many addresses and ports. The [`TargetSpace`] numbers them, and a
//! [`Permutation`] goes through the numbers at random without a list. The [`RateLimit`] says how many packets may go
//! now, and [`Results`] keeps two bytes for each target.

mod assessment;
mod common_path;
mod final_states;
mod found;
mod judged_targets;
mod liveness_checks;
mod log;
mod next;
mod permutation;
mod port_classes;
mod rate_limit;
mod reach;
mod results;
mod sample;
mod select;
mod sequence;
mod target_space;
mod target_state;
mod trace;
mod wide;

pub use assessment::{Assessment, Blocked, PairAssessment, PairState, assess};
pub use common_path::{CommonPath, CommonPaths, Reply};
pub use final_states::{FinalState, final_states};
pub use found::Found;
pub use judged_targets::limiters;
pub use liveness_checks::{LivenessChecks, Load};
pub use log::{ForeignLine, LOG_SCHEMA, LogHead, LogLine, ReachLine, ResponseLine, SharedLine, UnheardLine};
pub use permutation::{ParseShardError, Permutation, Shard};
pub use rate_limit::RateLimit;
pub use reach::{Reach, Reaches};
pub use results::{Counts, Results};
pub use sample::samples;
pub use select::{Chosen, NothingSelected, Selection, known_to_answer};
pub use sequence::Sequence;
pub use target_space::{Amount, Port, PrefixPort, TargetSpace};
pub use target_state::TargetState;
pub use trace::{Depth, Heard, Hosts, ProbeId, Request, Step, Trace, TraceEvent, TraceProbe, TraceResult, Tracer};
pub use wide::WideRange;
