//! Which of Zoom's published prefixes and ports a sweep covers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use ipnet::IpNet;
use why5003_probes::model::{Family, Transport};

use super::target_space::{Port, PrefixPort, TargetSpace};
use super::wide::WideRange;
use crate::catalogue::{Catalogue, Host, PortRange};

/// What the user chose; what is left empty chooses everything that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Ids of the catalogue's services; none is the client's own: [`Catalogue::of_a_client`].
    pub services: Vec<String>,
    /// Only what lies in these prefixes.
    pub prefixes: Vec<IpNet>,
    /// These ports, whatever the services have; none is the services' own.
    pub ports: Vec<PortRange>,
    /// This address family alone; none is both.
    pub family: Option<Family>,
}

/// What a selection comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Prefixes and ports, without one that lies in another at the same port.
    pub pairs: Vec<PrefixPort>,
    /// Ranges of which these have some ports only, in order.
    pub wide: Vec<WideRange>,
}

/// The selection covers nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingSelected {
    /// A service of that name is not in the catalogue.
    #[error("find the service {name:?}; there are {known}")]
    NoService {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A prefix that holds nothing of the services', nor lies in one of theirs.
    #[error("sweep {prefix}: it is not among the published prefixes of these services, and nothing else is swept")]
    NotPublished {
        /// What was asked for.
        prefix: IpNet,
    },
    /// The services have no prefixes, or no ports, of that kind.
    #[error(
        "sweep {services}: nothing is published for it but names, or no prefix of that family; let names out by name (why5003 catalogue show)"
    )]
    NoPrefix {
        /// Their ids.
        services: String,
    },
}

impl Selection {
    /// The prefixes and ports that are meant.
    ///
    /// # Errors
    /// [`NothingSelected`] when a service is unknown, a prefix is nobody's, or nothing is left.
    pub fn chosen(&self, catalogue: &Catalogue) -> Result<Chosen, NothingSelected> {
        let services = self.services(catalogue)?;
        let mut ports_of: BTreeMap<IpNet, BTreeSet<Port>> = BTreeMap::new();
        let mut wide: BTreeSet<WideRange> = BTreeSet::new();
        let is_meant = |prefix: &&IpNet| self.family.is_none_or(|family| Family::of(prefix.addr()) == family);
        for service in &services {
            let ports = if self.ports.is_empty() { &service.ports } else { &self.ports };
            wide.extend(ports.iter().copied().filter_map(WideRange::of));
            for prefix in service.prefixes.iter().filter(is_meant) {
                ports_of.entry(*prefix).or_default().extend(ports.iter().copied().flat_map(each));
            }
        }
        if ports_of.is_empty() {
            let services = services.iter().map(|service| service.id.as_str()).collect::<Vec<_>>().join(", ");
            return Err(NothingSelected::NoPrefix { services });
        }
        let published: Vec<IpNet> = ports_of.keys().copied().collect();
        let all = ports_of.into_iter().flat_map(|(prefix, ports)| ports.into_iter().map(move |port| (prefix, port)));
        let mut pairs = Vec::new();
        if self.prefixes.is_empty() {
            pairs.extend(all.map(|(prefix, port)| PrefixPort { prefix, port, canary: false }));
        } else {
            let wanted = IpNet::aggregate(&self.prefixes);
            for prefix in &self.prefixes {
                if !published.iter().any(|net| net.contains(prefix) || prefix.contains(net)) {
                    return Err(NothingSelected::NotPublished { prefix: *prefix });
                }
            }
            for (prefix, port) in all {
                let narrower = |want: &IpNet| {
                    if want.contains(&prefix) { Some(prefix) } else { prefix.contains(want).then_some(*want) }
                };
                pairs.extend(wanted.iter().filter_map(narrower).map(|prefix| PrefixPort {
                    prefix,
                    port,
                    canary: false,
                }));
            }
        }
        let pairs = without_nested(pairs);
        // A service may have no prefix that is meant.
        let has = |port: Port| pairs.iter().any(|pair| pair.port == port);
        let wide = wide.into_iter().filter(|range| range.asked().all(has)).collect();
        Ok(Chosen { pairs, wide })
    }

    fn services<'a>(&self, catalogue: &'a Catalogue) -> Result<Vec<&'a crate::catalogue::Service>, NothingSelected> {
        let named = |name: &str| {
            let known = || catalogue.services.iter().map(|service| service.id.as_str()).collect::<Vec<_>>().join(", ");
            let found = catalogue.services.iter().find(|service| service.id == name);
            found.ok_or_else(|| NothingSelected::NoService { name: name.to_owned(), known: known() })
        };
        if self.services.is_empty() {
            return Ok(catalogue.of_a_client().collect());
        }
        self.services.iter().map(|name| named(name)).collect()
    }
}

/// The ports of a range, or those that are asked for all of a wide one.
fn each(range: PortRange) -> Vec<Port> {
    let PortRange { transport, first, last } = range;
    match WideRange::of(range) {
        Some(wide) => wide.asked().collect(),
        None => (first..=last).map(|number| Port { transport, number }).collect(),
    }
}

/// Drops what lies in another prefix at the same port, so that no address is asked twice; in the order of port and prefix.
fn without_nested(mut pairs: Vec<PrefixPort>) -> Vec<PrefixPort> {
    // The wider one comes first where both begin at the same address.
    pairs.sort_by_key(|pair| (pair.port, pair.prefix.network(), pair.prefix.prefix_len()));
    let mut kept: Vec<PrefixPort> = Vec::new();
    for pair in pairs {
        let nested = kept.last().is_some_and(|before| before.port == pair.port && before.prefix.contains(&pair.prefix));
        if !nested {
            kept.push(pair);
        }
    }
    kept
}

/// The targets whose addresses the catalogue has, since a host of Zoom's is known to answer there.
pub fn known_to_answer(catalogue: &Catalogue, space: &TargetSpace) -> BTreeSet<u64> {
    let addresses =
        |host: &Host| host.known_addresses.iter().map(|ip| SocketAddr::new(*ip, host.port)).collect::<Vec<_>>();
    catalogue.hosts.iter().flat_map(addresses).filter_map(|to| space.number(to, Transport::Tcp)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection() -> Selection {
        Selection { services: Vec::new(), prefixes: Vec::new(), ports: Vec::new(), family: Some(Family::V4) }
    }

    fn pairs(selection: &Selection) -> Vec<String> {
        let chosen = selection.chosen(&Catalogue::embedded()).unwrap();
        chosen.pairs.iter().map(|pair| format!("{} {}", pair.port, pair.prefix)).collect()
    }

    fn range(text: &str) -> Vec<PortRange> {
        vec![text.parse().unwrap()]
    }

    #[test]
    fn what_is_not_said_is_all_that_a_client_needs() {
        let all = pairs(&selection());
        assert_eq!(all.iter().filter(|pair| pair.starts_with("tcp/443 ")).count(), 51);
        assert!(
            all.contains(&"udp/8801 170.114.0.0/16".to_owned()) && all.contains(&"tcp/8802 3.7.35.0/25".to_owned())
        );
    }

    #[test]
    fn a_part_of_a_published_prefix_can_be_swept_alone() {
        let part =
            Selection { prefixes: vec!["170.114.52.0/24".parse().unwrap()], ports: range("tcp/443"), ..selection() };
        assert_eq!(pairs(&part), ["tcp/443 170.114.52.0/24"]);
    }

    #[test]
    fn a_wider_prefix_stands_for_what_is_published_in_it() {
        let wide = Selection { prefixes: vec!["3.0.0.0/8".parse().unwrap()], ports: range("tcp/443"), ..selection() };
        assert_eq!(
            pairs(&wide),
            ["tcp/443 3.7.35.0/25", "tcp/443 3.235.82.0/23", "tcp/443 3.235.96.26/31", "tcp/443 3.235.96.158/31"]
        );
    }

    #[test]
    fn an_address_that_two_services_publish_is_asked_once() {
        let both = Selection {
            services: vec!["meetings".to_owned(), "rooms".to_owned()],
            ports: range("tcp/443"),
            ..selection()
        };
        assert_eq!(pairs(&both).len(), 50);
    }

    #[test]
    fn nothing_but_zooms_prefixes_is_swept() {
        let foreign = Selection { prefixes: vec!["192.0.2.0/24".parse().unwrap()], ..selection() };
        let error = foreign.chosen(&Catalogue::embedded()).unwrap_err();
        assert!(matches!(error, NothingSelected::NotPublished { .. }), "{error}");
    }

    #[test]
    fn an_unknown_service_is_named_with_those_that_there_are() {
        let unknown = Selection { services: vec!["meeting".to_owned()], ..selection() };
        let error = unknown.chosen(&Catalogue::embedded()).unwrap_err().to_string();
        assert!(error.contains("\"meeting\"") && error.contains("meetings, web-client"), "{error}");
    }

    fn wide(selection: &Selection) -> Vec<String> {
        let chosen = selection.chosen(&Catalogue::embedded()).unwrap();
        chosen.wide.iter().map(|wide| wide.range().to_string()).collect()
    }

    #[test]
    fn of_a_wide_range_of_ports_a_few_are_asked_and_the_range_is_kept() {
        let phone = Selection { services: vec!["phone".to_owned()], ..selection() };
        let ports: BTreeSet<String> =
            pairs(&phone).iter().map(|pair| pair.split(' ').next().unwrap_or_default().to_owned()).collect();
        assert_eq!(
            ports.into_iter().collect::<Vec<_>>(),
            ["udp/20000", "udp/31000", "udp/42000", "udp/53000", "udp/64000"]
        );
        assert_eq!(wide(&phone), ["udp/20000-64000"]);
        assert_eq!(wide(&selection()), [""; 0]);
        assert_eq!(wide(&Selection { ports: range("tcp/1-1000"), ..selection() }), ["tcp/1-1000"]);
    }

    #[test]
    fn a_wide_range_of_a_service_that_has_nothing_there_is_not_kept() {
        let downloads = Selection {
            services: vec!["phone".to_owned(), "cdn".to_owned()],
            prefixes: vec!["52.84.151.0/24".parse().unwrap()],
            ..selection()
        };
        assert_eq!((pairs(&downloads), wide(&downloads)), (vec!["tcp/443 52.84.151.0/24".to_owned()], Vec::new()));
    }
}
