//! Which looks to take: the first ones, what each result leads to, and what would answer a rule's question.
//!
//! Pure: a plan is a value that is told what was seen and gives looks. It takes none, and never repeats one.

mod answer;
mod first;
mod follow;
mod looks;

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use why5003_probes::kit::{Fact, Interface, InterfaceKind, Look, Observation, Proxy, ProxySays, Via};

use crate::catalogue::Catalogue;

/// What the user wants of a diagnosis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Go through this proxy, whatever the system says; its credentials stand only here.
    pub proxy: Option<Proxy>,
    /// Only this family: `Some(true)` is IPv4 alone, `Some(false)` IPv6 alone.
    pub only_v4: Option<bool>,
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
}

/// What the plan needs to know of this computer.
#[derive(Clone, Debug, Default)]
struct Here {
    resolvers: Vec<SocketAddr>,
    proxies: Vec<Proxy>,
    v4: bool,
    v6: bool,
}

impl<'a> Plan<'a> {
    /// A plan for a diagnosis by this catalogue.
    pub fn new(catalogue: &'a Catalogue, wishes: Wishes) -> Self {
        Self { catalogue, wishes, here: Here::default(), given: HashSet::new(), addresses: HashSet::new() }
    }

    /// The look that begins every diagnosis: this computer itself. What it shows leads to all others.
    pub fn opening(&mut self) -> Vec<Look> {
        let look = first::this_computer(self.catalogue);
        self.new_ones(vec![look])
    }

    /// The looks that a result leads to by itself, whatever it means.
    pub fn follow(&mut self, seen: &Observation) -> Vec<Look> {
        if seen.look.probe == "host" {
            if !self.here.resolvers.is_empty() || seen.look.target.address.is_some() {
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
        let looks = follow::looks(self, seen);
        self.new_ones(looks)
    }

    /// The looks that would answer a question; none if they were given before, or there are none.
    pub fn answer(&mut self, question: &crate::evidence::Question) -> Vec<Look> {
        let looks = answer::looks(self, question);
        self.new_ones(looks)
    }

    /// Whether a look serves only to explain a fault: where nothing is wrong its answer can teach nothing.
    pub fn only_explains(look: &Look) -> bool {
        look.probe == "dns" && matches!(look.via, Via::Dns { .. })
    }

    fn new_ones(&mut self, looks: Vec<Look>) -> Vec<Look> {
        let mut fresh = Vec::new();
        for mut look in looks {
            if let Some(address) = look.target.address {
                if !self.may_use(address) {
                    continue;
                }
                look.settings.prefix = self.catalogue.prefix_of(address);
            }
            if self.given.insert(look.clone()) {
                fresh.push(look);
            }
        }
        fresh
    }

    /// Whether an address is of a family that this run uses.
    fn may_use(&self, address: IpAddr) -> bool {
        let family = match self.wishes.only_v4 {
            Some(only_v4) => address.is_ipv4() == only_v4,
            None => true,
        };
        family && if address.is_ipv4() { self.here.v4 } else { self.here.v6 }
    }
}

impl Here {
    fn of(seen: &Observation, wishes: &Wishes) -> Self {
        let mut here = Self { proxies: wishes.proxy.clone().into_iter().collect(), ..Self::default() };
        let mut knows_interfaces = false;
        for fact in &seen.facts {
            match fact {
                Fact::Resolver(resolver) => here.resolvers.push(resolver.server),
                Fact::ProxySetting(setting) if wishes.proxy.is_none() => {
                    if let ProxySays::Use(proxy) = &setting.says
                        && let Ok(proxy) = proxy.parse()
                        && !here.proxies.contains(&proxy)
                    {
                        here.proxies.push(proxy);
                    }
                }
                Fact::Interface(interface) => {
                    knows_interfaces = true;
                    here.v4 |= has(interface, IpAddr::is_ipv4);
                    here.v6 |= has(interface, IpAddr::is_ipv6);
                }
                _ => {}
            }
        }
        if !knows_interfaces {
            (here.v4, here.v6) = (true, true);
        }
        here
    }
}

/// Whether an interface can carry packets of a family beyond its own link.
fn has(interface: &Interface, family: impl Fn(&IpAddr) -> bool) -> bool {
    let beyond = |address: IpAddr| match address {
        IpAddr::V4(v4) => !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_unicast_link_local(),
    };
    interface.kind != InterfaceKind::Loopback
        && interface.up
        && interface.addresses.iter().map(ipnet::IpNet::addr).any(|a| family(&a) && beyond(a))
}
