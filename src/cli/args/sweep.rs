//! Arguments of `sweep`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use ipnet::IpNet;

use super::rule_format::rule_format;
use crate::catalogue::PortRange;
use crate::rules;
use crate::sweep::Shard;

/// Arguments of `sweep`.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct Sweep {
    /// Sweep this service (may be repeated; see why5003 catalogue show); meetings and cdn where none is given
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) service: Vec<String>,
    /// Only what lies in this prefix (may be repeated), such as 170.114.0.0/16
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
    pub(in crate::cli) prefix: Vec<IpNet>,
    /// These ports instead of the services' own (may be repeated): tcp/443, udp/8801-8810
    #[arg(long, value_name = "PORTS")]
    pub(in crate::cli) port: Vec<PortRange>,
    /// Ask so many addresses of each prefix, the ends of it and of its halves first
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) per_prefix: u32,
    /// Ask every address
    #[arg(long, conflicts_with = "per_prefix")]
    pub(in crate::cli) all: bool,
    /// Ask only the k-th of n equal parts, such as 3/8
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    pub(in crate::cli) shard: Shard,
    /// The order in which targets are asked: the parts of a sweep that is shared out need the same one; another each time where
    /// none is given
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) seed: Option<u64>,
    /// Send at most so many packets a second; 0 is as fast as it goes
    #[arg(long, value_name = "PACKETS", default_value_t = 200)]
    pub(in crate::cli) rate: u32,
    /// Have at most so many targets under way at once, each for a second where it is silent; 0 is as many as this computer can
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(in crate::cli) max_inflight: usize,
    /// How to ask TCP: connect needs no rights, syn needs raw sockets; UDP is always asked by sockets of its own
    #[arg(long, value_enum, default_value_t = Engine::Auto)]
    pub(in crate::cli) engine: Engine,
    /// Write each response to this new file as it comes, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Go on with the sweep that this file is of, and write to it; it says what is swept, so nothing else may. Given again for each
    /// part of a sweep that was shared out, it puts them together: what is new is written to the first
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "service", "prefix", "port", "per_prefix", "all", "shard"])]
    pub(in crate::cli) resume: Vec<PathBuf>,
    /// Settle by the routers on the way what stayed silent, for at most so many seconds; 0 is not at all
    #[arg(long, value_name = "SECONDS", value_parser = patience, default_value = "2400")]
    pub(in crate::cli) settle: Duration,
    /// Write, instead of the report, the rules that are missing, for this firewall
    #[arg(long, value_name = "FORMAT", value_parser = rule_format())]
    pub(in crate::cli) gap_as: Option<&'static rules::Format>,
    /// Go on though it is large: more than 10 000 targets
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

/// How a sweep asks TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Engine {
    /// The fastest that may be used.
    Auto,
    /// Connections of the kernel's.
    Connect,
    /// SYNs of our own.
    Syn,
}

fn patience(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<u64>().ok().filter(|seconds| *seconds <= 86_400);
    seconds.map(Duration::from_secs).ok_or_else(|| "write a number of seconds from 0 to 86400".to_owned())
}

fn prefix(text: &str) -> Result<IpNet, String> {
    let bare = text.parse::<IpAddr>().map(IpNet::from);
    let prefix = bare.or_else(|_| text.parse::<IpNet>()).map_err(|_| "write it as 170.114.0.0/16".to_owned())?;
    if prefix == prefix.trunc() { Ok(prefix) } else { Err(format!("it has host bits set; write {}", prefix.trunc())) }
}
