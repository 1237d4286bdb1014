//! What a sweep covers, in which order and at what pace, and what its answers mean: pure, and without a clock.
//!
//! A sweep asks one packet of many addresses and ports. [`Space`] numbers them, [`Order`] goes through the numbers at random
//! without a list of them, [`Pace`] says how many packets may go now, and [`Ledger`] keeps two bytes for each.

mod beacons;
mod ending;
mod fare;
mod found;
mod kin;
mod ledger;
mod log;
mod next;
mod order;
mod pace;
mod pass;
mod sample;
mod searches;
mod select;
mod settle;
mod space;
mod survey;
mod trace;
mod wide;
mod words;

pub use beacons::{Beacons, Load};
pub use ending::Ending;
pub use fare::{TargetState, limiters};
pub use found::Found;
pub use ledger::{Counts, Ledger};
pub use log::{ForeignLine, LOG_SCHEMA, LogHead, LogLine, ReachLine, ResponseLine, SharedLine, UnheardLine};
pub use next::next_to_settle;
pub use order::{Order, ParseShardError, Shard};
pub use pace::Pace;
pub use pass::Pass;
pub use sample::samples;
pub use searches::Searches;
pub use select::{Chosen, NothingSelected, Selection, known_to_answer};
pub use settle::{Farther, Reach, Reply, Settled, Trunk, Trunks};
pub use space::{Amount, Lane, Port, Space};
pub use survey::{Blocked, LaneSurvey, PairState, Survey, survey};
pub use trace::{Depth, Heard, Hosts, ProbeId, Request, Step, Trace, TraceEvent, TraceProbe, TraceResult, Tracer};
pub use wide::WideRange;
pub use words::{LastWord, last_words};
