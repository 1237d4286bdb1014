//! What a sweep is run with, what it tells meanwhile and what it brings back: values only.

use std::collections::BTreeSet;
use std::time::Duration;

use why5003_probes::engines::Response;
use why5003_probes::model::Transport;

use crate::sweep::{RateLimit, Results, Shard, TargetSpace};

/// What a sweep is run with.
pub struct Sweep<'a> {
    /// All that is asked.
    pub space: &'a TargetSpace,
    /// Which part of it.
    pub shard: Shard,
    /// The seed of the order.
    pub seed: u64,
    /// Packets a second, kept.
    pub rate_limit: RateLimit,
    /// Targets under way at once, at most.
    pub max_inflight: usize,
    /// Targets that are expected to answer. They are asked first: should they fall silent later, something has blocked this computer.
    pub first: BTreeSet<u64>,
    /// What is known of an earlier run that was cut off.
    pub known: Results,
}

/// What happens while a sweep runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SweepEvent {
    /// A target came back, or its time is up.
    Responded {
        /// Its number in the space.
        number: u64,
        /// The first time it was asked, or a later one.
        attempt: u8,
        /// What came.
        response: Response,
        /// From the packet to what came, where the engine kept the time.
        rtt: Option<Duration>,
    },
    /// A round begins.
    Round {
        /// Of which transport.
        transport: Transport,
        /// The first, or a repetition.
        attempt: u8,
        /// How many targets it asks.
        targets: u64,
    },
    /// A target that had answered was asked again to see whether packets still get through: whether it was heard.
    LivenessCheck(bool),
    /// The rate was halved: this computer, or the path, does not carry more. Packets a second.
    BackedOff(f64),
}

/// What a sweep brought back.
#[derive(Clone, Debug)]
pub struct Swept {
    /// One response for each target that was asked.
    pub results: Results,
    /// Targets asked, repetitions included.
    pub asked: u64,
    /// Responses that came after their time, and count as none.
    pub late: u64,
    /// It was stopped before its end.
    pub incomplete: bool,
    /// That was because this computer could send nothing to any of the first that were asked.
    pub no_way: bool,
}
