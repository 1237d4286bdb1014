//! What a sweep covers, in which order and at what pace, and what its answers mean: pure, and without a clock.
//!
//! A sweep asks one packet of many addresses and ports. [`Space`] numbers them, [`Order`] goes through the numbers at random
//! without a list of them, [`Pace`] says how many packets may go now, and [`Ledger`] keeps two bytes for each.

mod beacons;
mod kin;
mod ledger;
mod log;
mod order;
mod pace;
mod pass;
mod sample;
mod select;
mod settle;
mod space;
mod survey;
mod wide;

pub use beacons::{Beacons, Load};
pub use kin::{Kin, every_half, every_port, every_prefix};
pub use ledger::{Ledger, Tally};
pub use log::{Came, ForeignLine, LOG_SCHEMA, LogHead, LogLine};
pub use order::{Order, Shard};
pub use pace::Pace;
pub use pass::Pass;
pub use sample::samples;
pub use select::{Amount, Chosen, Families, NothingSelected, Selection};
pub use settle::{AtTheEnd, Reach, Settled, Trunk, Trunks, at_borders};
pub use space::{Lane, Port, Space};
pub use survey::{LaneSurvey, Place, State, Survey, survey};
pub use wide::WideRange;
