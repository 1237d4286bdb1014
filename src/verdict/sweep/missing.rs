//! What a network does not let through, in as few prefixes and port ranges as say it, and where it is stopped.

use std::collections::BTreeSet;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::model::Location;
use super::whole::{Stopped, Whole, wholes};
use crate::catalogue::PortRange;
use crate::rules::{Tested, gap};
use crate::sweep::{Assessment, Blocked, PairAssessment, PrefixPort, WideRange};

/// Something that this network does not let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// To where.
    #[schemars(with = "Vec<String>")]
    pub prefixes: Vec<IpNet>,
    /// At which ports, such as `udp/8801-8810`.
    #[schemars(with = "Vec<String>")]
    pub ports: Vec<PortRange>,
    /// Where it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The wide ranges that it tells of. One that lies in `ports` was stopped at each port that was asked; of any other,
    /// `ports` has what was asked and stopped, and nothing is known of the ports between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampled: Vec<Sampled>,
}

/// A wide range of ports, which was asked at some of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sampled {
    /// Such as `udp/20000-64000`.
    #[schemars(with = "String")]
    pub range: PortRange,
    /// The ports of it that were asked.
    #[schemars(with = "Vec<String>")]
    pub asked: Vec<PortRange>,
}

impl Sampled {
    /// How a range is asked.
    pub fn of(range: WideRange) -> Self {
        Self { range: range.range(), asked: range.asked().map(PortRange::from).collect() }
    }

    /// Whether all of it is among these ports.
    pub fn is_whole_in(&self, ports: &[PortRange]) -> bool {
        ports.iter().any(|ports| ports.holds(self.range))
    }

    /// Whether some of what was asked of it is among these ports.
    fn is_told_by(&self, ports: &[PortRange]) -> bool {
        ports.iter().any(|ports| self.asked.iter().any(|asked| ports.holds(*asked)))
    }
}

/// What is blocked, place by place; of a wide range all, where all that was asked of it is, and else what was asked.
pub fn missing(assessment: &Assessment, wide: &[WideRange]) -> Vec<Missing> {
    let stopped: Vec<Stopped> = stopped(assessment).collect();
    let asked: Vec<PrefixPort> = assessment.pairs.iter().map(|pair| pair.pair).collect();
    let wholes: Vec<Whole> = wide.iter().flat_map(|range| wholes(*range, &asked, &stopped)).collect();
    let locations: BTreeSet<Location> = stopped.iter().map(|part| part.location).collect();
    let missing = |location: Location| {
        let found = at(location, &stopped, &wholes);
        found.into_iter().map(move |found| Missing {
            location: Some(location).filter(|location| *location != Location::default()),
            sampled: wide.iter().copied().map(Sampled::of).filter(|range| range.is_told_by(&found.ports)).collect(),
            prefixes: found.prefixes,
            ports: found.ports,
        })
    };
    locations.into_iter().flat_map(missing).collect()
}

fn stopped(assessment: &Assessment) -> impl Iterator<Item = Stopped> {
    let parts = |pair: &PairAssessment| pair.blocked.iter().map(|part| (pair.pair.port, *part)).collect::<Vec<_>>();
    let parts = assessment.pairs.iter().flat_map(parts);
    parts.map(|(port, Blocked { prefix, location })| Stopped { port, prefix, location })
}

/// What is missing at a place.
fn at(location: Location, stopped: &[Stopped], wholes: &[Whole]) -> Vec<crate::rules::Missing> {
    let told_by = |part: Stopped| wholes.iter().filter(move |whole| whole.range.range().holds(part.port.into()));
    let here = stopped.iter().copied().filter(|part| part.location == location);
    // A port of a range that is missing somewhere as a whole is told apart from it: else the range would be cut up at each such port.
    let (apart, plain): (Vec<Stopped>, Vec<Stopped>) = here.partition(|part| told_by(*part).next().is_some());
    let plain = plain.into_iter().map(|part| Tested { prefix: part.prefix, ports: part.port.into(), blocked: true });
    let whole = wholes.iter().filter(|whole| whole.location == location);
    let whole = whole.map(|whole| Tested { prefix: whole.prefix, ports: whole.range.range(), blocked: true });
    let left = apart.into_iter().filter(|part| !told_by(*part).any(|whole| whole.prefix.contains(&part.prefix)));
    let left = left.flat_map(|part| {
        let ports = part.port.into();
        let holes = told_by(part).filter(move |whole| part.prefix.contains(&whole.prefix));
        let holes = holes.map(move |whole| Tested { prefix: whole.prefix, ports, blocked: false });
        holes.chain([Tested { prefix: part.prefix, ports, blocked: true }])
    });
    let mut missing = gap(&plain.chain(whole).collect::<Vec<_>>());
    missing.extend(gap(&left.collect::<Vec<_>>()));
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{Counts, PairState};

    /// A prefix at a port, and which parts of it are stopped, at which hop.
    fn pair(prefix: &str, port: &str, blocked: &[&str], hop: u8) -> PairAssessment {
        let port: PortRange = port.parse().unwrap();
        PairAssessment {
            pair: PrefixPort {
                prefix: prefix.parse().unwrap(),
                port: crate::sweep::Port { transport: port.transport, number: port.first },
                canary: false,
            },
            tally: Counts::default(),
            state: PairState::Unknown,
            blocked: blocked
                .iter()
                .map(|part| Blocked {
                    prefix: part.parse().unwrap(),
                    location: Location { hop: Some(hop), ..Location::default() },
                })
                .collect(),
            unknown: 0,
            inferred: false,
        }
    }

    /// The same parts stopped at these ports of Zoom Phone's range.
    fn phone(prefix: &str, ports: &[u16], blocked: &[&str]) -> Vec<PairAssessment> {
        ports.iter().map(|port| pair(prefix, &format!("udp/{port}"), blocked, 2)).collect()
    }

    fn told(pairs: &[Vec<PairAssessment>]) -> Vec<String> {
        let wide: Vec<WideRange> = WideRange::of("udp/20000-64000".parse().unwrap()).into_iter().collect();
        let assessment = Assessment { pairs: pairs.concat(), ..Assessment::default() };
        let words = |missing: &Missing| {
            let ports: Vec<String> = missing.ports.iter().map(ToString::to_string).collect();
            let prefixes: Vec<String> = missing.prefixes.iter().map(ToString::to_string).collect();
            let hop = missing.location.as_ref().and_then(|place| place.hop).unwrap_or_default();
            format!("{} {} {hop}", ports.join(","), prefixes.join(","))
        };
        missing(&assessment, &wide).iter().map(words).collect()
    }

    const ASKED: [u16; 5] = [20_000, 31_000, 42_000, 53_000, 64_000];

    #[test]
    fn a_range_that_is_stopped_at_each_port_that_was_asked_is_missing_as_a_whole() {
        let web = vec![pair("3.7.35.0/25", "tcp/443", &["3.7.35.0/25"], 2)];
        assert_eq!(
            told(&[web, phone("3.7.35.0/25", &ASKED, &["3.7.35.0/25"])]),
            ["tcp/443,udp/20000-64000 3.7.35.0/25 2"]
        );
    }

    #[test]
    fn of_a_range_that_is_stopped_at_some_ports_these_alone_are_missing() {
        let pairs = [
            phone("3.7.35.0/25", &ASKED[1..3], &["3.7.35.0/25"]),
            phone("3.7.35.0/25", &[20_000, 53_000, 64_000], &[]),
        ];
        assert_eq!(told(&pairs), ["udp/31000,udp/42000 3.7.35.0/25 2"]);
    }

    #[test]
    fn a_port_that_is_stopped_for_more_prefixes_than_its_range_is_told_apart_from_it() {
        let pairs = [
            phone("3.7.35.0/25", &ASKED[1..], &["3.7.35.0/26"]),
            phone("3.7.35.0/25", &[20_000], &["3.7.35.0/25"]),
            phone("170.114.0.0/16", &[20_000], &["170.114.0.0/17"]),
            phone("170.114.0.0/16", &ASKED[1..], &[]),
        ];
        assert_eq!(told(&pairs), ["udp/20000-64000 3.7.35.0/26 2", "udp/20000 3.7.35.64/26,170.114.0.0/17 2"]);
    }

    #[test]
    fn where_its_ports_are_stopped_at_several_places_the_range_has_the_one_that_most_have() {
        let near = vec![pair("3.7.35.0/25", "udp/20000", &["3.7.35.0/25"], 1)];
        assert_eq!(
            told(&[near, phone("3.7.35.0/25", &ASKED[1..], &["3.7.35.0/25"])]),
            ["udp/20000-64000 3.7.35.0/25 2"]
        );
    }

    #[test]
    fn a_port_within_that_was_asked_for_itself_and_passes_is_not_claimed_to_be_stopped() {
        let within = vec![pair("3.7.35.0/24", "udp/30000", &[], 0)];
        let ports = "udp/20000,udp/31000,udp/42000,udp/53000,udp/64000";
        let pairs = [within, phone("3.7.35.0/25", &ASKED, &["3.7.35.0/25"])];
        assert_eq!(told(&pairs), [format!("{ports} 3.7.35.0/25 2")]);
    }
}
