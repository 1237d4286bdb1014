//! At what rate a flow goes: whether it is held to one that is too low, and whether ordinary probes hint at that.

use std::time::Duration;

use why5003_probes::model::Role;

use super::attempts::is_zoom;
use super::rate_limit::LATE_US;
use super::retransmissions::queued_connections;
use crate::evidence::{Attempt, Evidence, Flow};

/// Whether half of the handshakes that finished, Zoom's or all, took far longer than the connection's own time explains.
///
/// Those that did not finish say nothing: a filter or a black hole ends them alike.
pub(in crate::verdict) fn seems_held(evidence: &Evidence) -> bool {
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
    let all: Vec<_> = finished(evidence, of).collect();
    (all.len(), all.into_iter().filter(|a| took(a) > rtt(a).min(far) * 4 + LATE).collect())
}

/// Direct connections as a client's whose handshake finished.
fn finished(evidence: &Evidence, of: fn(Role) -> bool) -> impl Iterator<Item = Attempt<'_>> {
    let ours = move |a: &Attempt<'_>| a.is_tls() && a.baseline() && !a.proxied() && of(a.role());
    evidence.attempts().filter(move |a| ours(a) && a.handshake().is_some())
}

fn rtt(attempt: &Attempt<'_>) -> Duration {
    attempt.connected().map_or(Duration::ZERO, |connected| Duration::from_micros(connected.rtt_us))
}

/// How long the handshake took.
fn took(attempt: &Attempt<'_>) -> Duration {
    attempt.handshake().map_or(Duration::ZERO, |handshake| Duration::from_micros(handshake.took_us))
}

/// Whether a queue seems to hold flows back, rather than loss: then they are timed before anything is counted, since counts would
/// fill the queue.
pub(in crate::verdict) fn seems_queued(evidence: &Evidence) -> bool {
    // Loss that delays nearly every handshake delays half of the connections as well.
    let (made, late) = handshakes(evidence, |_| true);
    let at_once = |a: &&Attempt<'_>| a.connected().is_some_and(|c| c.rtt_us < LATE_US);
    let all_late = made >= ALL && late.len() * 8 >= made * 7 && late.iter().filter(at_once).count() * 4 >= made * 3;
    seems_held(evidence) && (all_late || queued_connections(evidence) >= SOME)
}

/// Whether a few of Zoom's handshakes waited for a packet to be sent again, and hardly any neutral one did.
///
/// Only connections that stood at once count. A policer does this once the first handshakes have used up its burst.
pub(in crate::verdict) fn seems_policed(evidence: &Evidence) -> bool {
    let mut neutral: Vec<Duration> = finished(evidence, |role| role == Role::Control).map(|a| took(&a)).collect();
    neutral.sort_unstable();
    // A busy computer makes all of them slow.
    let Some(usual) = neutral.get(neutral.len() / 2) else { return false };
    let waited =
        |a: &Attempt<'_>| rtt(a) < Duration::from_micros(LATE_US) && took(a) > *usual + rtt(a) * 2 + SENT_AGAIN;
    let count = |of: fn(Role) -> bool| {
        let of_them: Vec<bool> = finished(evidence, of).map(|a| waited(&a)).collect();
        (of_them.len(), of_them.into_iter().filter(|waited| *waited).count())
    };
    let ((made, late), (others, late_others)) = (count(is_zoom), count(|role| role == Role::Control));
    others >= FEW_LATE && late_others * 4 <= others && late >= FEW_LATE && late * 4 >= made
}

/// Whether a flow was timed that is held to a rate: then what was late elsewhere waited in its queue.
pub(in crate::verdict) fn is_held(evidence: &Evidence) -> bool {
    flows(evidence).0.and_then(|zoom| zoom_is_held_to(evidence, zoom)).is_some()
}

/// The rate that Zoom's flow is held to. Where ordinary probes were not slow throughout, it must have lasted longer than packets
/// take that were lost twice in a row.
pub(in crate::verdict) fn zoom_is_held_to(evidence: &Evidence, zoom: Flow) -> Option<f64> {
    let lasted = zoom.transfer.is_some_and(|(_, took)| took >= NO_LOSS);
    held_to(zoom).filter(|_| lasted || seems_held(evidence))
}

/// Whether exchanges with a neutral host, in turn and on one connection, waited more often than an accident explains.
pub(in crate::verdict) fn neutral_flows_wait(evidence: &Evidence) -> bool {
    let of_neutral = evidence.flows().filter(|flow| flow.role == Role::Control && flow.made >= FEW);
    of_neutral.into_iter().any(|flow| flow.waited * 8 >= flow.made)
}

/// Zoom's flow and a neutral one, each with the answers that came at once.
pub(in crate::verdict) fn flows(evidence: &Evidence) -> (Option<Flow>, Option<Flow>) {
    let of = |wanted: fn(Role) -> bool| evidence.flows().find(|flow| wanted(flow.role) && flow.transfer.is_some());
    (of(is_zoom), of(|role| role == Role::Control))
}

/// The rate that a flow is held to, if it is too low and nothing but a rate explains it.
pub(in crate::verdict) fn held_to(flow: Flow) -> Option<f64> {
    let (bytes, took) = flow.transfer?;
    let single_ones_pass = flow.made >= 4 && flow.waited * 4 < flow.made;
    // What the way itself needs for the requests and their answers is no rate.
    let on_its_way = took.saturating_sub(flow.median * 2);
    let held = bytes >= ENOUGH_BYTES && on_its_way >= ENOUGH_TIME && single_ones_pass && rate(flow) < TOO_LOW;
    held.then(|| rate(flow))
}

/// Bits a second.
pub(in crate::verdict) fn rate(flow: Flow) -> f64 {
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
/// The first two repetitions of a packet take 0.6 s (RFC 6298, 5.5, from 200 ms), and once more as much with what follows it.
const NO_LOSS: Duration = Duration::from_millis(1200);
/// Fewer handshakes that waited are an accident.
const FEW_LATE: usize = 3;
/// Linux sends data again after 200 ms at the least (TCP_RTO_MIN).
const SENT_AGAIN: Duration = Duration::from_millis(150);
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
