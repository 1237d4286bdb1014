//! What a sweep covers, in which order and at what pace, and what its answers mean: pure, and without a clock.
//!
//! A sweep asks one packet of many addresses and ports. [`Space`] numbers them, [`Order`] goes through the numbers at random
//! without a list of them, [`Pace`] says how many packets may go now, and [`Ledger`] keeps two bytes for each.

mod beacons;
mod common_path;
mod fare;
mod found;
mod kin;
mod ledger;
mod log;
mod next;
mod order;
mod pace;
mod pass;
mod reach;
mod sample;
mod select;
mod space;
mod survey;
mod target_state;
mod trace;
mod wide;
mod words;

pub use beacons::{Beacons, Load};
pub use common_path::{Reply, Trunk, Trunks};
pub use fare::limiters;
pub use found::Found;
pub use ledger::{Counts, Ledger};
pub use log::{ForeignLine, LOG_SCHEMA, LogHead, LogLine, ReachLine, ResponseLine, SharedLine, UnheardLine};
pub use order::{Order, ParseShardError, Shard};
pub use pace::Pace;
pub use pass::Pass;
pub use reach::{Reach, Settled};
pub use sample::samples;
pub use select::{Chosen, NothingSelected, Selection, known_to_answer};
pub use space::{Amount, Lane, Port, Space};
pub use survey::{Blocked, LaneSurvey, PairState, Survey, survey};
pub use target_state::TargetState;
pub use trace::{Depth, Heard, Hosts, ProbeId, Request, Step, Trace, TraceEvent, TraceProbe, TraceResult, Tracer};
pub use wide::WideRange;
pub use words::{LastWord, last_words};
