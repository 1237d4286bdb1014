//! How fast, and how often, a trace asks.

use std::time::Duration;

use super::budget::SLOWEST;

/// Between two packets in any case: an answer to the one is mostly there before the other leaves.
pub(super) const SPACING: Duration = Duration::from_millis(60);
/// Between two packets where a router limits how much passes: slower than any limit on new connections that is in use.
pub(super) const UNLIMITED: Duration = Duration::from_millis(250);
/// Between two packets to targets that are to answer themselves.
pub(super) const BESIDE: Duration = Duration::from_millis(50);
/// Between two packets that ask whether a neutral flow goes on.
pub(super) const NEUTRAL_GAP: Duration = SLOWEST;
/// Between two traceroutes, each of which asks every router on its path.
pub(super) const TRACEROUTE_GAP: Duration = Duration::from_millis(1_500);
/// Packets of a traceroute of a dozen hops, three to each that is silent.
pub(super) const TRACEROUTE_PACKETS: u32 = 40;
/// How often a target is asked before its silence is believed.
pub(super) const TRIES: u8 = 3;
/// How often where packets are lost: of one in three lost each way, six are all lost once in three hundred times.
pub(super) const LOSSY_TRIES: u8 = 6;
/// Targets that answered the sweep, asked whether they still do.
pub(super) const ALIVE: usize = 3;
