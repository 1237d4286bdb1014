//! Which probes to take: the first ones, what each result leads to, and what would answer a rule's question.
//!
//! Pure: a plan is a value that is told what was seen and gives probes. It takes none, and never repeats one.

mod first;
mod follow;
mod here;
mod media;
mod proxies;
mod silence;
mod sweep;

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{Family, Observation, Probe, ProbeName, Proxy, RecordType, Role, Transport, Via};

use here::Here;

use crate::catalogue::Catalogue;
use crate::evidence::NotProbed;
use crate::experiment::probes::{self, TRACEROUTE};
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
    /// What the first probe told of this computer.
    here: Here,
    /// Probes already given: none is given twice.
    given: HashSet<Probe>,
    /// Addresses of each host that probes were given for, so that a long answer does not become a sweep.
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

    /// The probe that begins every diagnosis: this computer itself. What it shows leads to all others.
    pub fn opening(&mut self) -> Vec<Probe> {
        let probe = first::this_computer(self.catalogue);
        self.new_ones(vec![probe])
    }

    /// The probes that a result leads to by itself, whatever it means.
    pub fn follow(&mut self, seen: &Observation) -> Vec<Probe> {
        if seen.probe.kind == ProbeName::Host {
            // Later ones look at a gateway alone.
            if seen.probe.target.address.is_some() {
                return Vec::new();
            }
            self.here = Here::of(seen, &self.wishes);
            // Without a link nothing else can teach anything.
            if !self.here.v4 && !self.here.v6 {
                return Vec::new();
            }
            let probes = first::probes(self);
            return self.new_ones(probes);
        }
        self.silence.heard(seen);
        let mut probes = follow::probes(self, seen);
        probes.extend(self.media.heard(seen));
        self.new_ones(probes)
    }

    /// The probes that these lead to, which are under way and unanswered for longer than an answer takes.
    pub fn overdue(&mut self, probes: &[Probe]) -> Vec<Probe> {
        let walks = self.silence.walks(probes);
        self.new_ones(walks)
    }

    /// The probes that would answer a question; none if they were given before, or there are none.
    pub fn answer(&mut self, question: &Question) -> Vec<Probe> {
        self.names_from = question.stand_in().or(self.names_from);
        let probes = question.probes(&self.setup());
        self.new_ones(probes)
    }

    /// Whether a probe serves only to explain a fault: where nothing is wrong its answer can teach nothing.
    pub fn only_explains(&self, probe: &Probe) -> bool {
        probe.role == Role::Portal
            || probe.kind == ProbeName::Dns && matches!(probe.via, Via::Dns { .. })
            || self.media.can_say_nothing(probe)
            // A script's way is not known before the script is.
            || self.here.goes_by_proxy()
                && probe.role != Role::Media
                && probe.kind != ProbeName::Proxy
                && matches!(probe.via, Via::Direct | Via::System)
    }

    /// Whether a probe serves only to tell one cause from another: where no rule asks anything any more, its answer can teach
    /// nothing.
    pub fn only_compares(probe: &Probe) -> bool {
        probe.settings.traceroute.is_some() && probe.target.port == Some((TRACEROUTE, Transport::Udp))
    }

    /// Whether a probe waits for what the system's library says of a name.
    pub fn asks_the_system_for_a_name(probe: &Probe) -> bool {
        matches!(probe.via, Via::System)
    }

    /// What no probe of this plan can tell on this computer, and what would.
    pub fn left_out(&self) -> Vec<NotProbed> {
        let mut left = Vec::new();
        if (self.here.v4 || self.here.v6) && !self.media.is_seen() {
            let address =
                self.catalogue.media.servers.first().map_or_else(|| "ADDRESS".to_owned(), |to| to.ip().to_string());
            left.push(NotProbed {
                what: "UDP 8801-8810 (media)".to_owned(),
                why: format!(
                    "Zoom's servers answer there only members of a meeting; walk the way there with: why5003 probe udp {address}:8801/udp --set traceroute=24"
                ),
            });
        }
        if self.here.unfetchable {
            left.push(NotProbed {
                what: "which proxy the proxy script chooses for Zoom".to_owned(),
                why: "proxy scripts are fetched by plain HTTP alone; give the proxy with --proxy".to_owned(),
            });
        }
        left
    }

    fn new_ones(&mut self, probes: Vec<Probe>) -> Vec<Probe> {
        let mut fresh = Vec::new();
        let probes = probes.into_iter().flat_map(|probe| match self.names_from {
            Some(server) if probe.via == Via::System => by_wire(&self.here, &probe, server),
            _ => vec![probe],
        });
        for mut probe in probes.collect::<Vec<_>>() {
            if let Some(address) = probe.target.address {
                if !self.may_use(address) {
                    continue;
                }
                probe.settings.prefix = self.catalogue.prefix_of(address);
            }
            if self.given.insert(probe.clone()) {
                self.silence.begins(&probe);
                fresh.push(probe);
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
fn by_wire(here: &Here, probe: &Probe, server: SocketAddr) -> Vec<Probe> {
    let records = [(RecordType::A, here.v4), (RecordType::Aaaa, here.v6)].into_iter().filter(|(_, used)| *used);
    let asked = |(record, _)| Some(probes::by_udp(probe.target.host.as_deref()?, probe.role, server, record));
    records.filter_map(asked).collect()
}
