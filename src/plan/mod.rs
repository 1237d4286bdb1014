//! Which looks to take: the first ones, what each result leads to, and what would answer a rule's question.
//!
//! Pure: a plan is a value that is told what was seen and gives looks. It takes none, and never repeats one.

mod first;
mod follow;
mod here;
mod media;
mod proxies;
mod silence;
mod sweep;

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{Family, Look, Observation, ProbeName, Proxy, RecordType, Role, Transport, Via};

use here::Here;

use crate::catalogue::Catalogue;
use crate::evidence::NotLooked;
use crate::experiment::looks::{self, TRACEROUTE};
use crate::experiment::{Question, Setup};
pub use sweep::{all_the_way, up_to, walk};

/// What the user wants of a diagnosis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Go through this proxy, whatever the system says; its credentials stand only here.
    pub proxy: Option<Proxy>,
    /// Use this address family alone.
    pub family: Option<Family>,
}

/// A diagnosis's plan.
pub struct Plan<'a> {
    catalogue: &'a Catalogue,
    wishes: Wishes,
    /// What the first look told of this computer.
    here: Here,
    /// Looks already given: none is given twice.
    given: HashSet<Look>,
    /// Addresses of each host that looks were given for, so that a long answer does not become a sweep.
    addresses: HashSet<(String, IpAddr)>,
    /// What is known of the way to media.
    media: media::Way,
    /// What connections came to so far.
    silence: silence::Silence,
    /// The resolver that is asked for names in the place of the system's library, which is late.
    names_from: Option<SocketAddr>,
}

impl<'a> Plan<'a> {
    /// A plan for a diagnosis by this catalogue.
    pub fn new(catalogue: &'a Catalogue, wishes: Wishes) -> Self {
        Self {
            catalogue,
            wishes,
            here: Here::default(),
            given: HashSet::new(),
            addresses: HashSet::new(),
            media: media::Way::default(),
            silence: silence::Silence::default(),
            names_from: None,
        }
    }

    /// The look that begins every diagnosis: this computer itself. What it shows leads to all others.
    pub fn opening(&mut self) -> Vec<Look> {
        let look = first::this_computer(self.catalogue);
        self.new_ones(vec![look])
    }

    /// The looks that a result leads to by itself, whatever it means.
    pub fn follow(&mut self, seen: &Observation) -> Vec<Look> {
        if seen.look.probe == ProbeName::Host {
            // Later ones look at a gateway alone.
            if seen.look.target.address.is_some() {
                return Vec::new();
            }
            self.here = Here::of(seen, &self.wishes);
            // Without a link nothing else can teach anything.
            if !self.here.v4 && !self.here.v6 {
                return Vec::new();
            }
            let looks = first::looks(self);
            return self.new_ones(looks);
        }
        self.silence.heard(seen);
        let mut looks = follow::looks(self, seen);
        looks.extend(self.media.heard(seen));
        self.new_ones(looks)
    }

    /// The looks that these lead to, which are under way and unanswered for longer than an answer takes.
    pub fn overdue(&mut self, looks: &[Look]) -> Vec<Look> {
        let walks = self.silence.walks(looks);
        self.new_ones(walks)
    }

    /// The looks that would answer a question; none if they were given before, or there are none.
    pub fn answer(&mut self, question: &Question) -> Vec<Look> {
        self.names_from = question.stand_in().or(self.names_from);
        let looks = question.probes(&self.setup());
        self.new_ones(looks)
    }

    /// Whether a look serves only to explain a fault: where nothing is wrong its answer can teach nothing.
    pub fn only_explains(&self, look: &Look) -> bool {
        look.role == Role::Portal
            || look.probe == ProbeName::Dns && matches!(look.via, Via::Dns { .. })
            || self.media.can_say_nothing(look)
            // A script's way is not known before the script is.
            || self.here.goes_by_proxy()
                && look.role != Role::Media
                && look.probe != ProbeName::Proxy
                && matches!(look.via, Via::Direct | Via::System)
    }

    /// Whether a look serves only to tell one cause from another: where no rule asks anything any more, its answer can teach
    /// nothing.
    pub fn only_compares(look: &Look) -> bool {
        look.settings.ladder.is_some() && look.target.port == Some((TRACEROUTE, Transport::Udp))
    }

    /// Whether a look waits for what the system's library says of a name.
    pub fn asks_the_system_for_a_name(look: &Look) -> bool {
        matches!(look.via, Via::System)
    }

    /// What no look of this plan can tell on this computer, and what would.
    pub fn left_out(&self) -> Vec<NotLooked> {
        let mut left = Vec::new();
        if (self.here.v4 || self.here.v6) && !self.media.is_seen() {
            let address =
                self.catalogue.media.servers.first().map_or_else(|| "ADDRESS".to_owned(), |to| to.ip().to_string());
            left.push(NotLooked {
                what: "UDP 8801-8810 (media)".to_owned(),
                why: format!(
                    "Zoom's servers answer there only members of a meeting; walk the way there with: why5003 probe udp {address}:8801/udp --set ladder=24"
                ),
            });
        }
        if self.here.unfetchable {
            left.push(NotLooked {
                what: "which proxy the proxy script chooses for Zoom".to_owned(),
                why: "proxy scripts are fetched by plain HTTP alone; give the proxy with --proxy".to_owned(),
            });
        }
        left
    }

    fn new_ones(&mut self, looks: Vec<Look>) -> Vec<Look> {
        let mut fresh = Vec::new();
        let looks = looks.into_iter().flat_map(|look| match self.names_from {
            Some(server) if look.via == Via::System => by_wire(&self.here, &look, server),
            _ => vec![look],
        });
        for mut look in looks.collect::<Vec<_>>() {
            if let Some(address) = look.target.address {
                if !self.may_use(address) {
                    continue;
                }
                look.settings.prefix = self.catalogue.prefix_of(address);
            }
            if self.given.insert(look.clone()) {
                self.silence.begins(&look);
                fresh.push(look);
            }
        }
        fresh
    }

    /// Whether an address is of a family that this run uses.
    fn may_use(&self, address: IpAddr) -> bool {
        self.setup().may_use(address)
    }

    /// What experiments are made of.
    fn setup(&self) -> Setup<'_> {
        Setup {
            catalogue: self.catalogue,
            resolvers: &self.here.resolvers,
            proxies: &self.here.proxies,
            for_http: &self.here.for_http,
            gateways: &self.here.gateways,
            ipv4: self.here.v4 && self.wishes.family != Some(Family::V6),
            ipv6: self.here.v6 && self.wishes.family != Some(Family::V4),
            addresses: &self.addresses,
            given: &self.given,
        }
    }
}

/// The question for a name that the system's library was to be asked, put to a resolver: for both families, as the library does.
fn by_wire(here: &Here, look: &Look, server: SocketAddr) -> Vec<Look> {
    let records = [(RecordType::A, here.v4), (RecordType::Aaaa, here.v6)].into_iter().filter(|(_, used)| *used);
    let asked = |(record, _)| Some(looks::by_udp(look.target.host.as_deref()?, look.role, server, record));
    records.filter_map(asked).collect()
}
