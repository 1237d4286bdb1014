//! How much a way loses: the counts of lone SYNs to Zoom, to neutral hosts and to the gateway, weighed.
//!
//! A count in which nothing was answered is no loss: it is a filter's or a host's silence, and left to their rules. Nor is one
//! whose answers came now soon and now late: what is missing there may be late as well.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use why5003_probes::model::{Family, How, Role};

use super::limit;
use super::rate;
use super::weigh::{controls, is_zoom};
use crate::evidence::{Attempt, Evidence, Question, SignIn, SynCount};
use crate::verdict::ruling::Doubt;

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
        let syns = Count::of(evidence.syn_counts().filter(|count| wanted(count.role()) && count.steady(quickest)));
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

/// Whether ordinary looks had to send so much again that it is worth counting.
///
/// A run sees fifty exchanges and handshakes or more: where each way loses 2 %, two or three of them wait for a repetition, and
/// twenty where it loses 20 %; where it loses more, less is seen to its end. Where only Zoom's way loses a third, it is eight of its
/// forty, and fewer than three once in three hundred runs.
pub(in crate::verdict) fn suspected(evidence: &Evidence) -> bool {
    // Where connections are let through only so fast, or only so many, that explains it.
    if limit::told(evidence).is_some_and(|told| told.only_too_fast() || told.too_many()) {
        return false;
    }
    // What waited in a queue did not get lost.
    if rate::is_held(evidence) {
        return false;
    }
    let all = evidence.resent(|_| true);
    let zoom = evidence.resent(is_zoom);
    // Large packets alone may wait for a router to announce a small MTU: something small must have been lost as well.
    if all.lost == all.handshakes {
        return false;
    }
    let much = all.lost >= 3 && all.lost * 5 >= all.made;
    much || all.lost >= 5 && all.lost * 15 >= all.made || zoom.lost >= 3 && zoom.lost * 15 >= zoom.made
}

/// What would tell how much is lost. A burst, which tells whether connections are limited, comes before it: see [`limit`].
pub(in crate::verdict) fn questions(evidence: &Evidence) -> Vec<Question> {
    let names = evidence.background().decisive_hosts().filter(|host| evidence.system_addresses(host).is_empty());
    let names = names.map(|name| Question::NameAgain { name: name.to_owned() });
    let counts = [counts_wanted(evidence), flows_wanted(evidence, None)].concat();
    // A name that got lost is asked for again meanwhile: it disturbs nothing.
    if counts.is_empty() { counts } else { counts.into_iter().chain(names).collect() }
}

/// What would count loss: SYNs to a neutral host, to Zoom, and to the gateway. None where no neutral host connects, or all is
/// counted already.
pub(in crate::verdict) fn counts_wanted(evidence: &Evidence) -> Vec<Question> {
    counts(evidence, 0, None)
}

/// What would tell more where the first count was too little: as many again, to a neutral host and to Zoom.
pub(in crate::verdict) fn counts_wanted_again(evidence: &Evidence) -> Vec<Question> {
    beyond_the_gateway(counts(evidence, 1, Some(AGAIN)))
}

/// What would tell how late answers are: a few SYNs to a neutral host and to Zoom.
pub(in crate::verdict) fn delays_wanted(evidence: &Evidence) -> Vec<Question> {
    beyond_the_gateway(counts(evidence, 0, Some(FEW)))
}

fn beyond_the_gateway(mut counts: Vec<Question>) -> Vec<Question> {
    counts.retain(|question| !matches!(question, Question::Loss { role: Role::Host, .. }));
    counts
}

/// Counts of so many SYNs each, where so many counts were made before and no more.
fn counts(evidence: &Evidence, before: usize, syns: Option<u8>) -> Vec<Question> {
    let Some((_, neutral)) = neutral(evidence) else { return Vec::new() };
    let of_the_family = |address: &IpAddr| Family::of(*address) == Family::of(neutral.ip());
    let gateway = evidence.host().routes().filter_map(|(_, route)| route.gateway).find(of_the_family);
    // A gateway is asked for what most of them serve; a refusal is an answer as well.
    let gateway = gateway.map(|address| (SocketAddr::new(address, 53), Role::Host));
    let counted = |to: SocketAddr| evidence.syn_counts().filter(|count| count.to() == to).count();
    let zoom = zoom(evidence).map(|(_, to)| (to, Role::Range));
    zoom.into_iter()
        .chain([(neutral, Role::Control)])
        .chain(gateway)
        .filter(|(to, _)| counted(*to) <= before)
        .map(|(to, role)| Question::Loss { to, role, syns })
        .collect()
}

/// What would tell whether flows that stand lose anything, and at what rate they go: of Zoom's and of neutral hosts.
///
/// Where they are all that is asked, a few exchanges in turn do; those of a count of loss keep to its time.
pub(in crate::verdict) fn flows_wanted(evidence: &Evidence, turns: Option<u8>) -> Vec<Question> {
    let Some(neutral) = neutral(evidence) else { return Vec::new() };
    let zoom = zoom(evidence).map(|to| (to, Role::SignIn));
    zoom.into_iter()
        .chain([(neutral, Role::Control)])
        .filter(|((_, to), _)| !evidence.flows().any(|flow| flow.to == *to && flow.transfer.is_some()))
        .map(|((host, to), role)| Question::Flow { host, to, role, turns, at_once: None })
        .collect()
}

/// A host of sign-in, at an address that is Zoom's own, and if possible at one that connects.
fn zoom(evidence: &Evidence) -> Option<(String, SocketAddr)> {
    let own = |a: &Attempt<'_>| a.role() == Role::SignIn && !a.proxied() && a.settings().prefix.is_some();
    let best = evidence.attempts().filter(own).max_by_key(|a| (a.connected().is_some(), std::cmp::Reverse(a.id())))?;
    Some((best.host()?.to_owned(), best.to()))
}

/// A neutral host that connects, of the family by which Zoom is reached here; if possible one that answered a request.
fn neutral(evidence: &Evidence) -> Option<(String, SocketAddr)> {
    let like = zoom(evidence).map(|(_, to)| Family::of(to.ip()));
    let stands = |a: &Attempt<'_>| a.connected().is_some() && a.is_tls() && a.host().is_some();
    let best = controls(evidence).filter(stands).max_by_key(|a| {
        let same = like.is_none_or(|family| family == Family::of(a.to().ip()));
        (same, a.response().is_some(), a.settings().fetch.is_some(), std::cmp::Reverse(a.id()))
    })?;
    Some((best.host()?.to_owned(), best.to()))
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
        let (stood, late) = evidence.handshakes(of_it);
        let [stood, late] = [stood, late].map(|ids| u32::try_from(ids.len()).unwrap_or(u32::MAX));
        return (waited + late) * 20 < made + stood;
    }
    // No such connection stood: then what else had to be sent again tells, names and handshakes.
    let resent = evidence.resent(of_it);
    resent.lost <= resent.connections + 1
}

/// The way to sign-in may have failed by bad luck: then what ended in silence is tried once more.
pub(in crate::verdict) fn once_more(evidence: &Evidence) -> Option<Doubt> {
    let mut questions = Vec::new();
    for host in evidence.background().decisive_hosts() {
        if !matches!(evidence.sign_in_at(host), SignIn::Fails(_)) {
            continue;
        }
        if evidence.system_addresses(host).is_empty() {
            questions.push(Question::NameAgain { name: host.to_owned() });
        }
        let silent = evidence
            .attempts_at(host)
            .filter(|a| a.baseline() && !a.proxied() && a.failure().is_some_and(|f| f.how == How::Silent));
        questions.extend(silent.map(|a| Question::AsAClient { host: host.to_owned(), to: a.to() }));
    }
    let next_test = "try the way to sign-in again".to_owned();
    (!questions.is_empty()).then_some(Doubt { next_test, questions })
}

/// Whether packets are lost on connections that stand too, of whoever: then it is no limit on new ones.
pub(in crate::verdict) fn waits_on_connections_that_stand(evidence: &Evidence) -> bool {
    let (stood, waited) = evidence.handshakes(|_| true);
    // At 10 % of loss every second handshake of eight packets waits; a busy computer makes one or two of a dozen late.
    waited.len() * 4 >= stood.len() && !waited.is_empty()
}

/// The middle times to an answer: of a neutral host, and of Zoom.
pub(in crate::verdict) fn delays(evidence: &Evidence) -> (Option<Duration>, Option<Duration>) {
    let median = |wanted: fn(Role) -> bool| {
        evidence.syn_counts().filter(|count| wanted(count.role())).filter_map(SynCount::median).min()
    };
    (median(|role| role == Role::Control), median(is_zoom))
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

/// Below forty probes nothing is said of loss.
const FLOOR: u32 = 40;
/// SYNs of a second count, told apart from the first by the number being given at all.
const AGAIN: u8 = 40;
/// Half of so many tell a way whose every packet is late from a queue that comes and goes.
const FEW: u8 = 16;
/// A client notices from here on: one exchange in eight unanswered makes every eighth connection wait for a second and every
/// sixtieth for two, where one in twenty-five (2 % each way) does so to every six hundredth.
const IMPAIRS: f64 = 0.12;
/// A neutral host that loses as much as this has part in the loss.
const SHARED: f64 = 0.05;
/// A link within a building loses nothing: three of forty are no accident.
const ON_THE_LINK: f64 = 0.025;
/// Exchanges in turn that show that single ones pass.
pub(in crate::verdict) const TURNS: u8 = 6;
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
