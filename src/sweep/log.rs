//! The file of a sweep (NDJSON): its settings in the first line, then a line for each response and for each traced
//! target, as they come. At the end stands the final state of every target.
//!
//! A sweep that was cut off is taken up from it: the first line says all that is needed to go on.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use why5003_probes::engines::Response;
use why5003_probes::model::{Family, ParseTargetError, Target};

use super::common_path::CommonPath;
use super::final_states::FinalState;
use super::permutation::Shard;
use super::reach::{Reach, Reaches};
use super::results::Results;
use super::target_space::TargetSpace;
use crate::catalogue::PortRange;

/// The schema of the first line.
pub const LOG_SCHEMA: &str = "why5003.sweep-log/1";

/// The first line: what is swept, and in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// Always `why5003.sweep-log/1`.
    pub schema: String,
    /// SHA-256 of the catalogue's text: the prefixes of another one have other numbers.
    pub catalogue: String,
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// Services; none is the usual ones.
    pub services: Vec<String>,
    /// Prefixes; none is all of the services'.
    pub prefixes: Vec<IpNet>,
    /// Ports; none is the services' own.
    pub ports: Vec<PortRange>,
    /// One family alone, `4` or `6`; none is `both`.
    #[serde(rename = "families", with = "families")]
    pub family: Option<Family>,
    /// Addresses of each prefix; absent is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_prefix: Option<u32>,
    /// Which part, `3/8`.
    pub shard: Shard,
    /// Of the order.
    pub seed: u64,
    /// How many targets the whole has, all shards together: a check.
    pub targets: u64,
}

/// A later line.
///
/// Closed on purpose: these are the lines of this schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogLine {
    /// What came for a target.
    Response(ResponseLine),
    /// How far packets to a target come that stayed silent, or that a RST came for.
    Reach(ReachLine),
    /// The routers by which silent flows are traced.
    Shared(SharedLine),
    /// Who did not answer though Zoom is known to answer there.
    Unheard(UnheardLine),
    /// The state of targets in a row, after the trace.
    FinalState(FinalState),
}

/// What came for a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseLine {
    /// Spelled `170.114.52.2:443/tcp`.
    pub target: String,
    /// The first time it was asked, or a later one.
    #[serde(rename = "try")]
    pub attempt: u8,
    /// Spelled `"came":"closed","ttl":57`, and so on; a field that no response has is refused.
    #[serde(flatten)]
    pub response: Response,
    /// From the packet to what came, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_us: Option<u64>,
}

/// How far packets to a target come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReachLine {
    /// Spelled `170.114.52.2:443/tcp`.
    pub target: String,
    /// Where they end.
    pub reach: Reach,
}

/// The routers that the ways to several neutral operators share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedLine {
    /// Of this family.
    #[serde(rename = "ipv6", with = "is_ipv6")]
    pub family: Family,
    /// At hop 1, 2, …
    pub shared: CommonPath,
}

/// Where Zoom is known to answer, and nobody did; a later line of a family takes the place of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnheardLine {
    /// Of this family.
    #[serde(rename = "ipv6", with = "is_ipv6")]
    pub family: Family,
    /// Who.
    pub unheard: Vec<SocketAddr>,
}

/// A line of a sweep's file is not of this sweep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignLine {
    /// Its target cannot be read.
    #[error("read its target")]
    Target(#[from] ParseTargetError),
    /// Its target is not among those of the first line.
    #[error("find {0:?} among the targets of the first line")]
    NotAsked(String),
}

impl ResponseLine {
    /// The line of a response; `None` for a number outside the space.
    pub fn of(
        space: &TargetSpace,
        number: u64,
        attempt: u8,
        response: Response,
        rtt: Option<Duration>,
    ) -> Option<Self> {
        let rtt_us = rtt.map(|rtt| u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX));
        Some(Self { target: spelled(space, number)?, attempt, response, rtt_us })
    }

    /// Takes the line over into a results.
    ///
    /// # Errors
    /// [`ForeignLine`] when it is not of this space.
    pub fn restore(&self, space: &TargetSpace, results: &mut Results) -> Result<(), ForeignLine> {
        results.restore(number(space, &self.target)?, self.attempt, self.response);
        Ok(())
    }
}

impl ReachLine {
    /// The line of a target that was traced; `None` for a number outside the space.
    pub fn of(space: &TargetSpace, number: u64, reach: Reach) -> Option<Self> {
        Some(Self { target: spelled(space, number)?, reach })
    }

    /// Takes the line over.
    ///
    /// # Errors
    /// [`ForeignLine`] when it is not of this space.
    pub fn restore(&self, space: &TargetSpace, reaches: &mut Reaches) -> Result<(), ForeignLine> {
        reaches.note(number(space, &self.target)?, self.reach);
        Ok(())
    }
}

fn spelled(space: &TargetSpace, number: u64) -> Option<String> {
    let (to, transport) = space.target(number)?;
    Some(Target::address(to.ip()).at_port(to.port(), transport).to_string())
}

fn number(space: &TargetSpace, spelled: &str) -> Result<u64, ForeignLine> {
    let target: Target = spelled.parse()?;
    let number = target.socket().zip(target.port).and_then(|(to, (_, transport))| space.number(to, transport));
    number.ok_or_else(|| ForeignLine::NotAsked(spelled.to_owned()))
}

/// How the first line spells one family or both; any other text is refused.
mod families {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Family;

    #[derive(Serialize, Deserialize)]
    enum Spelled {
        #[serde(rename = "4")]
        V4,
        #[serde(rename = "6")]
        V6,
        #[serde(rename = "both")]
        Both,
    }

    #[expect(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "serde asks so")]
    pub(super) fn serialize<S: Serializer>(family: &Option<Family>, to: S) -> Result<S::Ok, S::Error> {
        let spelled = match family {
            Some(Family::V4) => Spelled::V4,
            Some(Family::V6) => Spelled::V6,
            None => Spelled::Both,
        };
        spelled.serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<Family>, D::Error> {
        Ok(match Spelled::deserialize(from)? {
            Spelled::V4 => Some(Family::V4),
            Spelled::V6 => Some(Family::V6),
            Spelled::Both => None,
        })
    }
}

/// How a later line spells a family: whether it is IPv6.
mod is_ipv6 {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Family;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(super) fn serialize<S: Serializer>(family: &Family, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bool(*family == Family::V6)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Family, D::Error> {
        Ok(if bool::deserialize(from)? { Family::V6 } else { Family::V4 })
    }
}

#[cfg(test)]
mod tests {
    use why5003_probes::model::{Location, Transport};

    use super::super::{Amount, Port, PrefixPort, TargetState};
    use super::*;

    fn space() -> TargetSpace {
        let pair = |prefix: &str, transport, number| PrefixPort {
            prefix: prefix.parse().unwrap(),
            port: Port { transport, number },
            canary: false,
        };
        let pairs = vec![pair("192.0.2.0/30", Transport::Tcp, 443), pair("2001:db8::/126", Transport::Udp, 8801)];
        TargetSpace::new(pairs, Amount::All).unwrap()
    }

    #[test]
    fn every_response_comes_back_from_its_line() {
        let space = space();
        let by = "10.0.1.1".parse().ok();
        let responses = [
            Response::Open,
            Response::Closed { ttl: Some(60) },
            Response::Prohibited { by },
            Response::Unreachable { by },
            Response::Silent,
        ];
        let mut results = Results::new(space.count());
        for (number, response) in (0..).zip(responses) {
            ResponseLine::of(&space, number, 1, response, None).unwrap().restore(&space, &mut results).unwrap();
        }
        let restored: Vec<_> = (0..5).map(|number| results.response(number)).collect();
        assert_eq!(restored, responses.map(Some));
    }

    #[test]
    fn a_response_is_spelled_in_one_line() {
        let space = space();
        let line = |response| serde_json::to_string(&ResponseLine::of(&space, 0, 1, response, None).unwrap()).unwrap();
        let target = r#"{"target":"192.0.2.0:443/tcp","try":1,"#;
        assert_eq!(line(Response::Open), format!(r#"{target}"came":"open"}}"#));
        assert_eq!(line(Response::Closed { ttl: Some(57) }), format!(r#"{target}"came":"closed","ttl":57}}"#));
        let by = "10.0.1.1".parse().ok();
        assert_eq!(line(Response::Prohibited { by }), format!(r#"{target}"came":"prohibited","from":"10.0.1.1"}}"#));
        let foreign = format!(r#"{target}"came":"closed","hops":7}}"#);
        assert!(serde_json::from_str::<LogLine>(&foreign).is_err());
    }

    #[test]
    fn a_line_of_another_sweep_is_refused() {
        let space = space();
        let line = ResponseLine::of(&space, 0, 1, Response::Open, None).unwrap();
        let foreign = ResponseLine { target: "192.0.2.9:443/tcp".to_owned(), ..line };
        let error = foreign.restore(&space, &mut Results::new(space.count())).unwrap_err();
        assert_eq!(error, ForeignLine::NotAsked("192.0.2.9:443/tcp".to_owned()));
    }

    #[test]
    fn a_first_line_of_unknown_families_is_refused() {
        let head = |families: &str| {
            let text = format!(
                r#"{{"schema":"{LOG_SCHEMA}","catalogue":"","started":"","services":[],"prefixes":[],"ports":[],"families":"{families}","shard":"1/1","seed":1,"targets":0}}"#
            );
            serde_json::from_str::<LogHead>(&text).map(|head| {
                assert_eq!(serde_json::to_string(&head).unwrap(), text);
                head.family
            })
        };
        let known = ["4", "6", "both"].map(|families| head(families).unwrap());
        assert_eq!(known, [Some(Family::V4), Some(Family::V6), None]);
        let refused = head("ipv4").unwrap_err().to_string();
        assert!(refused.contains("unknown variant `ipv4`, expected one of `4`, `6`, `both`"), "{refused}");
    }

    #[test]
    fn every_kind_of_line_is_told_from_the_others() {
        let space = space();
        let location = Location { hop: Some(2), address: "10.0.2.2".parse().ok(), next: None };
        let lines = [
            LogLine::Response(ResponseLine::of(&space, 0, 1, Response::Silent, None).unwrap()),
            LogLine::Reach(
                ReachLine::of(&space, 0, Reach::Dies { hop: 2, address: location.address, next: None }).unwrap(),
            ),
            LogLine::Shared(SharedLine { family: Family::V4, shared: CommonPath::default() }),
            LogLine::Unheard(UnheardLine { family: Family::V6, unheard: vec!["[2001:db8::1]:443".parse().unwrap()] }),
            LogLine::FinalState(FinalState {
                from: "192.0.2.0".parse().unwrap(),
                to: "192.0.2.3".parse().unwrap(),
                port: "tcp/443".to_owned(),
                targets: 4,
                told: 1,
                state: TargetState::Blocked { location },
            }),
        ];
        for line in lines {
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<LogLine>(&text).unwrap(), line, "{text}");
        }
    }
}
