//! How much a way loses: the counts of lone SYNs to Zoom, to neutral hosts and to the gateway, weighed.
//!
//! A count in which nothing was answered is no loss: it is a filter's or a host's silence, and left to their rules. Nor is one
//! whose answers came now soon and now late: what is missing there may be late as well.

use std::time::Duration;

use why5003_probes::model::Role;

use super::attempts::is_zoom;
use super::rate;
use super::rate_limit;
use super::retransmissions::{handshakes, resent};
use crate::evidence::{Evidence, SynCount};

/// SYNs and their answers, of one or several counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::verdict) struct Count {
    pub(in crate::verdict) made: u32,
    pub(in crate::verdict) answered: u32,
    pub(in crate::verdict) ids: Vec<u32>,
}

/// What the counts tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::verdict) struct Loss {
    /// Towards Zoom.
    pub(in crate::verdict) zoom: Count,
    /// Towards neutral hosts.
    pub(in crate::verdict) neutral: Count,
    /// To the gateway and back.
    pub(in crate::verdict) gateway: Count,
}

/// Where packets are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verdict) enum Lost {
    /// Not enough of them anywhere to impair a client.
    Few,
    /// On the way that all share.
    Everywhere,
    /// On Zoom's way only.
    TowardsZoom,
}

/// The counts of a run; `None` while there is none of the floor's size.
pub(in crate::verdict) fn measured(evidence: &Evidence) -> Option<Loss> {
    let quickest = evidence.quickest_connection().unwrap_or_default();
    let of = |wanted: fn(Role) -> bool| {
        let syns = Count::of(evidence.syn_counts().filter(|count| wanted(count.role()) && is_steady(*count, quickest)));
        // Exchanges of a flow are as good a sample, if single SYNs are lost too: a server may be slow to answer now and then.
        let flows = evidence.flows().filter(|flow| wanted(flow.role) && flow.made >= EXCHANGES / 2);
        flows.filter(|_| syns.made - syns.answered >= 2).fold(syns.clone(), |sum, flow| {
            sum.and(&Count { made: flow.made, answered: flow.made - flow.waited.min(flow.made), ids: vec![flow.id] })
        })
    };
    let loss =
        Loss { zoom: of(is_zoom), neutral: of(|role| role == Role::Control), gateway: of(|role| role == Role::Host) };
    (loss.zoom.enough() || loss.neutral.enough()).then_some(loss)
}

/// Whether ordinary probes had to send so much again that it is worth counting.
///
/// A run sees fifty exchanges and handshakes or more. Where each way loses 2 %, two or three of them wait for a repetition;
/// where it loses 20 %, twenty do. Where it loses more, fewer are seen to their end. Where only Zoom's way loses a third, eight
/// of its forty wait, and fewer than three do so once in three hundred runs.
pub(in crate::verdict) fn suspected(evidence: &Evidence) -> bool {
    // Where connections are let through only so fast, or only so many, that explains it.
    if rate_limit::burst_result(evidence).is_some_and(|told| told.only_too_fast() || told.too_many()) {
        return false;
    }
    // What waited in a queue did not get lost.
    if rate::is_held(evidence) {
        return false;
    }
    let all = resent(evidence, |_| true);
    let zoom = resent(evidence, is_zoom);
    // Large packets alone may wait for a router to announce a small MTU: something small must have been lost as well.
    if all.lost == all.handshakes {
        return false;
    }
    let much = all.lost >= 3 && all.lost * 5 >= all.made;
    much || all.lost >= 5 && all.lost * 15 >= all.made || zoom.lost >= 3 && zoom.lost * 15 >= zoom.made
}

/// Whether connections are limited, and not packets lost: exchanges on connections that stand pass without a hitch.
///
/// A way that loses as much as is ever named here makes one exchange in ten wait for a packet to be sent again, at the least.
/// Where connections are refused room, or are too many in a second, none does.
pub(in crate::verdict) fn only_connections(evidence: &Evidence, lost: Lost) -> bool {
    let of_it = |role: Role| lost != Lost::TowardsZoom || is_zoom(role);
    let flows = evidence.flows().filter(|flow| of_it(flow.role));
    let (made, waited) = flows.fold((0, 0), |(made, waited), flow| (made + flow.made, waited + flow.waited));
    if made >= EXCHANGES {
        // A handshake is as good as an exchange.
        let (stood, late) = handshakes(evidence, of_it);
        let [stood, late] = [stood, late].map(|ids| u32::try_from(ids.len()).unwrap_or(u32::MAX));
        return (waited + late) * 20 < made + stood;
    }
    // No such connection stood: then what else had to be sent again tells, names and handshakes.
    let resent = resent(evidence, of_it);
    resent.lost <= resent.connections + 1
}

/// The middle times to an answer: of a neutral host, and of Zoom.
pub(in crate::verdict) fn delays(evidence: &Evidence) -> (Option<Duration>, Option<Duration>) {
    let median = |wanted: fn(Role) -> bool| {
        evidence.syn_counts().filter(|count| wanted(count.role())).filter_map(SynCount::median).min()
    };
    (median(|role| role == Role::Control), median(is_zoom))
}

/// The answers took about equally long, and not much longer than the quickest connection of the run.
///
/// Then an answer that is missing was lost, and does not merely wait in a queue.
fn is_steady(count: SynCount<'_>, quickest: Duration) -> bool {
    count.round_trips().is_some_and(|times| {
        times.most.saturating_sub(times.least) < UNSTEADY && times.median.saturating_sub(quickest) < UNSTEADY
    })
}

impl Loss {
    /// Where packets are lost.
    pub(in crate::verdict) fn lost(&self) -> Lost {
        let shared = self.shared();
        // A neutral host that loses what Zoom does not is alone in that.
        // Where neutral hosts lose something, Zoom's way alone is to blame only if it loses far more, and not by an accident.
        let alike = self.neutral.share() >= SHARED && self.zoom.at_least() < 2.0 * self.neutral.share();
        let both = self.neutral.share() >= SHARED && (!self.zoom.enough() || self.zoom.share() >= SHARED);
        if self.neutral.enough() && both && shared.at_least() >= IMPAIRS {
            Lost::Everywhere
        } else if self.neutral.enough() && self.zoom.enough() && self.zoom.at_least() >= IMPAIRS && !alike {
            Lost::TowardsZoom
        } else {
            Lost::Few
        }
    }

    /// The share that is lost on the way that all share, or on Zoom's.
    pub(in crate::verdict) fn share(&self) -> f64 {
        match self.lost() {
            Lost::Everywhere => self.shared().share(),
            Lost::TowardsZoom => self.zoom.share(),
            Lost::Few => self.zoom.share().max(self.neutral.share()),
        }
    }

    /// Whether so much was lost that it would be named, had more been counted.
    pub(in crate::verdict) fn is_unsure(&self) -> bool {
        self.lost() == Lost::Few && (self.shared().share() >= IMPAIRS || self.zoom.share() >= IMPAIRS)
    }

    /// What the way that all share loses.
    fn shared(&self) -> Count {
        self.zoom.clone().and(&self.neutral)
    }

    /// Whether the packets are lost before the gateway already.
    pub(in crate::verdict) fn on_the_link(&self) -> bool {
        self.gateway.enough() && self.gateway.at_least() >= ON_THE_LINK
    }

    /// The observations.
    pub(in crate::verdict) fn ids(&self) -> Vec<u32> {
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
    pub(in crate::verdict) fn share(&self) -> f64 {
        if self.made == 0 { 0.0 } else { f64::from(self.made - self.answered.min(self.made)) / f64::from(self.made) }
    }

    /// The least share that is likely: the lower end of Wilson's interval at 95 % (E. B. Wilson 1927, JASA 22:209).
    pub(in crate::verdict) fn at_least(&self) -> f64 {
        if self.made == 0 {
            return 0.0;
        }
        let (n, p) = (f64::from(self.made), self.share());
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((p + Z * Z / (2.0 * n) - spread) / (1.0 + Z * Z / n)).max(0.0)
    }

    /// As a person reads it: "14 of 40".
    pub(in crate::verdict) fn words(&self) -> String {
        format!("{} of {}", self.made.saturating_sub(self.answered), self.made)
    }
}

/// A queue that fills and empties delays by more than this; other ways by far less.
const UNSTEADY: Duration = Duration::from_millis(500);
/// Below forty probes nothing is said of loss.
const FLOOR: u32 = 40;
/// A client notices from here on. With one exchange in eight unanswered, every eighth connection waits for a second and every
/// sixtieth for two. With one in twenty-five (2 % each way), every six hundredth waits for two.
const IMPAIRS: f64 = 0.12;
/// A neutral host that loses as much as this has part in the loss.
const SHARED: f64 = 0.05;
/// A link within a building loses nothing: three of forty are no accident.
const ON_THE_LINK: f64 = 0.025;
/// Fewer exchanges tell nothing.
const EXCHANGES: u32 = 16;
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
    fn what_both_ways_lose_is_not_laid_to_zooms() {
        let counts = |zoom, neutral| Loss { zoom, neutral, gateway: Count::default() };
        let accident = counts(count(13, 64), count(6, 64));
        assert_eq!((accident.lost(), accident.is_unsure()), (Lost::Few, true));
        assert_eq!(counts(count(28, 64), count(6, 64)).lost(), Lost::Everywhere);
        assert_eq!(counts(count(26, 64), count(2, 64)).lost(), Lost::TowardsZoom);
    }

    #[test]
    fn a_share_is_at_least_less_than_what_was_counted() {
        let share = count(14, 40).at_least();
        assert!((0.22..0.23).contains(&share), "{share}");
        assert!(count(0, 40).at_least() < f64::EPSILON);
    }
}
