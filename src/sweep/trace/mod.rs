//! Traces silent flows: finds out by TTL-limited packets where they end. It neither sends nor waits itself.
//!
//! [`Tracer`] is its front door, told what came and when, and asked what to send next. Inside, [`family`] goes through the phases of one
//! family; each phase is a value that asks for packets and is called again with what they brought. All that is known has one owner,
//! [`knowledge`]. Two small machines do the pacing: [`ask`] asks many targets at one hop, and [`paced`] sends a list.

mod answering;
mod ask;
mod ask_end;
mod budget;
mod diverging;
mod diverging_path;
mod family;
mod find_common_path;
mod hop_searches;
mod hosts;
mod knowledge;
mod last_hop;
mod last_hops;
mod locate;
mod lone_deaths;
mod neutral;
mod paced;
mod pacing;
mod probe;
mod references;
mod refusals;
mod result;
mod round;
mod silence;
#[cfg(test)]
mod simulation;
mod spot_check;
#[cfg(test)]
mod tests;
mod tracer;
mod verify_open;

pub use hosts::Hosts;
pub use probe::{Depth, Heard, ProbeId, Request, TraceProbe};
pub use result::{TraceEvent, TraceResult};
pub use tracer::{Step, Trace, Tracer};
