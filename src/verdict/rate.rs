//! At what rate a flow goes: whether it is held to one that is too low, and whether ordinary looks hint at that.

use std::time::Duration;

use why5003_probes::kit::Role;

use super::limit::LATE_US;
use super::weigh::is_zoom;
use crate::evidence::{Attempt, Evidence, Flow};

/// Whether half of the handshakes that finished, Zoom's or all, took far longer than the connection's own time explains.
///
/// Those that did not finish say nothing: a filter or a black hole ends them alike.
pub(super) fn seems_held(evidence: &Evidence) -> bool {
    let half = |of: fn(Role) -> bool| {
        let (made, late) = handshakes(evidence, of);
        made >= 4 && late.len() * 2 >= made
    };
    half(is_zoom) || half(|_| true)
}

/// How many handshakes finished, and those among them that took far longer than the connection's own time explains.
fn handshakes(evidence: &Evidence, of: fn(Role) -> bool) -> (usize, Vec<Attempt<'_>>) {
    // Where one connection stood sooner than that, another one's own time is no distance but a queue's.
    let far = evidence.quickest_connection().unwrap_or_default().max(FAR);
    let late = |a: &Attempt<'_>| {
        let rtt = a.connected().map_or(Duration::ZERO, |c| Duration::from_micros(c.rtt_us)).min(far);
        a.handshake().is_some_and(|h| Duration::from_micros(h.took_us) > rtt * 4 + LATE)
    };
    let all: Vec<_> = evidence
        .attempts()
        .filter(|a| a.is_tls() && a.baseline() && !a.proxied() && a.handshake().is_some() && of(a.role()))
        .collect();
    (all.len(), all.into_iter().filter(late).collect())
}

/// Whether a queue seems to hold flows back, rather than loss: then they are timed before anything is counted, since counts would
/// fill the queue.
pub(super) fn seems_queued(evidence: &Evidence) -> bool {
    // Loss that delays nearly every handshake delays half of the connections as well.
    let (made, late) = handshakes(evidence, |_| true);
    let at_once = |a: &&Attempt<'_>| a.connected().is_some_and(|c| c.rtt_us < LATE_US);
    let all_late = made >= ALL && late.len() * 8 >= made * 7 && late.iter().filter(at_once).count() * 4 >= made * 3;
    seems_held(evidence) && (all_late || evidence.queued_connections() >= SOME)
}

/// Whether a flow was timed that is held to a rate: then what was late elsewhere waited in its queue.
pub(super) fn is_held(evidence: &Evidence) -> bool {
    flows(evidence).0.and_then(held_to).is_some()
}

/// Whether exchanges with a neutral host, in turn and on one connection, waited more often than an accident explains.
pub(super) fn neutral_flows_wait(evidence: &Evidence) -> bool {
    let of_neutral = evidence.flows().filter(|flow| flow.role == Role::Control && flow.made >= FEW);
    of_neutral.into_iter().any(|flow| flow.waited * 8 >= flow.made)
}

/// Zoom's flow and a neutral one, each with the answers that came at once.
pub(super) fn flows(evidence: &Evidence) -> (Option<Flow>, Option<Flow>) {
    let of = |wanted: fn(Role) -> bool| evidence.flows().find(|flow| wanted(flow.role) && flow.transfer.is_some());
    (of(is_zoom), of(|role| role == Role::Control))
}

/// The rate that a flow is held to, if it is too low and nothing but a rate explains it.
pub(super) fn held_to(flow: Flow) -> Option<f64> {
    let (bytes, took) = flow.transfer?;
    let single_ones_pass = flow.made >= 4 && flow.waited * 4 < flow.made;
    // What the way itself needs for the requests and their answers is no rate.
    let on_its_way = took.saturating_sub(flow.median * 2);
    let held = bytes >= ENOUGH_BYTES && on_its_way >= ENOUGH_TIME && single_ones_pass && rate(flow) < TOO_LOW;
    held.then(|| rate(flow))
}

/// Bits a second.
pub(super) fn rate(flow: Flow) -> f64 {
    let (bytes, took) = flow.transfer.unwrap_or_default();
    let bits = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) * 8.0;
    bits / took.as_secs_f64().max(0.001)
}

/// A fifth of what one video call needs (Zoom: 600 kbit/s), in bits a second: a voice call with its overhead hardly fits.
const TOO_LOW: f64 = 128_000.0;
/// Fewer connections that waited are an accident.
const SOME: usize = 4;
/// So many handshakes at the least.
const ALL: usize = 6;
/// Fewer exchanges tell nothing.
const FEW: u32 = 8;
/// Fewer bytes in that time are a stall, and not a rate.
const ENOUGH_BYTES: u64 = 2_000;
/// What takes less is too quick to tell a rate.
const ENOUGH_TIME: Duration = Duration::from_millis(600);
/// Half around the world and back, and some (RFC 2488: a satellite's hop takes longer, but for all connections).
const FAR: Duration = Duration::from_millis(350);
/// No server thinks so long about a handshake; half of them do not lose a packet unless loss is a fault of its own.
///
/// Longer than one packet sent again at the first timeout (200 ms, `TCP_RTO_MIN`), as after a router announced a small MTU.
const LATE: Duration = Duration::from_millis(450);
