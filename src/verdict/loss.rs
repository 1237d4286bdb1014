//! How much a way loses: the counts of lone SYNs to Zoom, to neutral hosts and to the gateway, weighed.
//!
//! A count in which nothing was answered is no loss: it is a filter's or a host's silence, and left to their rules.

use std::net::SocketAddr;
use std::time::Duration;

use why5003_probes::kit::Role;

use super::limit;
use super::weigh::{a_passing_control, controls, is_zoom};
use crate::evidence::{Evidence, Question, SynCount};

/// SYNs and their answers, of one or several counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) made: u32,
    pub(super) answered: u32,
    pub(super) ids: Vec<u32>,
}

/// What the counts tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Loss {
    /// Towards Zoom.
    pub(super) zoom: Count,
    /// Towards neutral hosts.
    pub(super) neutral: Count,
    /// To the gateway and back.
    pub(super) gateway: Count,
}

/// Where packets are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Not enough of them anywhere to impair a client.
    Few,
    /// On the way that all share.
    Everywhere,
    /// On Zoom's way only.
    TowardsZoom,
}

/// The counts of a run; `None` while there is none of the floor's size.
pub(super) fn measured(evidence: &Evidence) -> Option<Loss> {
    let of = |wanted: fn(Role) -> bool| Count::of(evidence.syn_counts().filter(|count| wanted(count.role())));
    let loss =
        Loss { zoom: of(is_zoom), neutral: of(|role| role == Role::Control), gateway: of(|role| role == Role::Host) };
    (loss.zoom.enough() || loss.neutral.enough()).then_some(loss)
}

/// Whether ordinary looks had to send so much again that it is worth counting.
///
/// A way that loses 2 % in each direction shows one or two repetitions in a run of fifty exchanges, one that loses 20 % shows
/// ten: from four on, one in twelve at least, it is counted.
pub(super) fn suspected(evidence: &Evidence) -> bool {
    // Where connections are let through only so fast, that explains it.
    if limit::told(evidence).is_some_and(|told| told.only_too_fast()) {
        return false;
    }
    let resent = evidence.resent();
    resent.lost >= 4 && resent.lost * 12 >= resent.made
}

/// What would tell loss from its neighbours, one after the other, since the experiments would disturb each other: first whether
/// there is room for more connections, then how many SYNs are answered.
pub(super) fn questions(evidence: &Evidence) -> Vec<Question> {
    match evidence.held().next() {
        Some(_) => counts_wanted(evidence),
        None => neutral(evidence).map(|to| Question::Hold { to }).into_iter().collect(),
    }
}

/// What would count it: SYNs to a neutral host, to Zoom, and to the gateway. None where no neutral host connects, or all is
/// counted already.
pub(super) fn counts_wanted(evidence: &Evidence) -> Vec<Question> {
    let zoom = evidence
        .attempts()
        .filter(|a| a.role() == Role::SignIn && !a.proxied() && a.settings().prefix.is_some())
        .max_by_key(|a| a.connected().is_some())
        .map(|a| (a.to(), Role::Range));
    let Some(neutral) = neutral(evidence) else { return Vec::new() };
    let host = evidence.host();
    let gateway = host.route(neutral.ip()).and_then(|(_, route)| route.gateway);
    // A gateway is asked for what most of them serve; a refusal is an answer as well.
    let gateway = gateway.map(|address| (SocketAddr::new(address, 53), Role::Host));
    let counted = |to: SocketAddr| evidence.syn_counts().any(|count| count.to() == to);
    zoom.into_iter()
        .chain([(neutral, Role::Control)])
        .chain(gateway)
        .filter(|(to, _)| !counted(*to))
        .map(|(to, role)| Question::Loss { to, role })
        .collect()
}

/// A neutral host that connects, of the family by which Zoom is reached here.
fn neutral(evidence: &Evidence) -> Option<SocketAddr> {
    let zoom = evidence.attempts().find(|a| a.role() == Role::SignIn && a.connected().is_some()).map(|a| a.to());
    zoom.and_then(|to| a_passing_control(evidence, to))
        .or_else(|| controls(evidence).find(|a| a.connected().is_some()).map(|a| a.to()))
}

/// Whether connections are limited, and not packets lost: handshakes on connections that stand pass without a hitch.
///
/// Of ten handshakes of eight packets each, on a way that loses as much as is ever named here, half wait for a packet to be sent
/// again; where connections are refused room, or are too many in a second, none does.
pub(super) fn only_connections(evidence: &Evidence, lost: Lost) -> bool {
    let (stood, waited) = evidence.handshakes_that_waited(|role| lost == Lost::Everywhere || is_zoom(role));
    stood >= HANDSHAKES && waited * 8 < stood
}

/// Whether packets are lost on connections that stand too, of whoever: then it is no limit on new ones.
pub(super) fn waits_on_connections_that_stand(evidence: &Evidence) -> bool {
    let (stood, waited) = evidence.handshakes_that_waited(|_| true);
    waited * 8 >= stood && waited > 0
}

/// The shortest times to an answer: of a neutral host, and of Zoom.
pub(super) fn delays(evidence: &Evidence) -> (Option<Duration>, Option<Duration>) {
    let least = |wanted: fn(Role) -> bool| {
        evidence.syn_counts().filter(|count| wanted(count.role())).filter_map(SynCount::least).min()
    };
    (least(|role| role == Role::Control), least(is_zoom))
}

impl Loss {
    /// Where packets are lost.
    pub(super) fn lost(&self) -> Lost {
        let shared = self.zoom.clone().and(&self.neutral);
        if self.neutral.enough() && self.neutral.share() >= SHARED && shared.at_least() >= IMPAIRS {
            Lost::Everywhere
        } else if self.neutral.enough() && self.zoom.enough() && self.zoom.at_least() >= IMPAIRS {
            Lost::TowardsZoom
        } else {
            Lost::Few
        }
    }

    /// The share that is lost on the way that all share, or on Zoom's.
    pub(super) fn share(&self) -> f64 {
        match self.lost() {
            Lost::Everywhere => self.zoom.clone().and(&self.neutral).share(),
            Lost::TowardsZoom => self.zoom.share(),
            Lost::Few => self.zoom.share().max(self.neutral.share()),
        }
    }

    /// Whether the packets are lost before the gateway already.
    pub(super) fn on_the_link(&self) -> bool {
        self.gateway.enough() && self.gateway.at_least() >= ON_THE_LINK
    }

    /// The observations.
    pub(super) fn ids(&self) -> Vec<u32> {
        [&self.zoom, &self.neutral, &self.gateway].into_iter().flat_map(|count| count.ids.clone()).collect()
    }
}

impl Count {
    fn of<'a>(counts: impl Iterator<Item = SynCount<'a>>) -> Self {
        counts.filter(|count| count.answered > 0).fold(Self::default(), |sum, count| {
            sum.and(&Self { made: count.made.into(), answered: count.answered.into(), ids: vec![count.id()] })
        })
    }

    fn and(mut self, other: &Self) -> Self {
        self.made += other.made;
        self.answered += other.answered;
        self.ids.extend(&other.ids);
        self
    }

    fn enough(&self) -> bool {
        self.made >= FLOOR
    }

    /// The share that got no answer.
    pub(super) fn share(&self) -> f64 {
        if self.made == 0 { 0.0 } else { f64::from(self.made - self.answered.min(self.made)) / f64::from(self.made) }
    }

    /// The least share that is likely: the lower end of Wilson's interval at 95 % (E. B. Wilson 1927, JASA 22:209).
    pub(super) fn at_least(&self) -> f64 {
        if self.made == 0 {
            return 0.0;
        }
        let (n, p) = (f64::from(self.made), self.share());
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((p + Z * Z / (2.0 * n) - spread) / (1.0 + Z * Z / n)).max(0.0)
    }

    /// As a person reads it: "14 of 40".
    pub(super) fn words(&self) -> String {
        format!("{} of {}", self.made.saturating_sub(self.answered), self.made)
    }
}

/// Below forty probes nothing is said of loss.
const FLOOR: u32 = 40;
/// A client notices from here on: one exchange in ten unanswered makes every hundredth connection wait for three seconds and
/// more, where one in twenty-five (2 % each way) does so to every six hundredth.
const IMPAIRS: f64 = 0.10;
/// A neutral host that loses as much as this has part in the loss.
const SHARED: f64 = 0.05;
/// A link within a building loses nothing: three of forty are no accident.
const ON_THE_LINK: f64 = 0.025;
/// Fewer handshakes tell nothing.
const HANDSHAKES: u32 = 5;
/// Of the normal distribution, for 95 % on both sides.
const Z: f64 = 1.96;

#[cfg(test)]
mod tests {
    use super::*;

    fn count(lost: u32, made: u32) -> Count {
        Count { made, answered: made - lost, ids: Vec::new() }
    }

    fn lost(zoom: u32, neutral: u32) -> Lost {
        Loss { zoom: count(zoom, 40), neutral: count(neutral, 40), gateway: Count::default() }.lost()
    }

    #[test]
    fn a_loss_of_two_or_five_in_a_hundred_each_way_is_none_to_speak_of() {
        assert_eq!(lost(2, 1), Lost::Few);
        assert_eq!(lost(4, 4), Lost::Few);
    }

    #[test]
    fn a_third_lost_on_both_ways_is_lost_everywhere() {
        assert_eq!(lost(14, 15), Lost::Everywhere);
    }

    #[test]
    fn what_only_zooms_way_loses_is_lost_there() {
        assert_eq!(lost(14, 0), Lost::TowardsZoom);
        assert_eq!(lost(0, 14), Lost::Few);
    }

    #[test]
    fn a_share_is_at_least_less_than_what_was_counted() {
        let share = count(14, 40).at_least();
        assert!((0.22..0.23).contains(&share), "{share}");
        assert!(count(0, 40).at_least() < f64::EPSILON);
    }
}
