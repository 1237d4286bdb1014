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
    /// Sweep this service (may be repeated; see why5003 catalogue show) [default: meetings and cdn]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) service: Vec<String>,
    /// Sweep only what lies in this prefix (may be repeated), such as 170.114.0.0/16
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
    pub(in crate::cli) prefix: Vec<IpNet>,
    /// Sweep these ports instead of the services' own (may be repeated): tcp/443, udp/8801-8810
    #[arg(long, value_name = "PORTS")]
    pub(in crate::cli) port: Vec<PortRange>,
    /// Probe this many addresses of each prefix; the ends of the prefix and of its halves come first
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) per_prefix: u32,
    /// Probe every address
    #[arg(long, conflicts_with = "per_prefix")]
    pub(in crate::cli) all: bool,
    /// Probe only the k-th of n equal parts, such as 3/8
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    pub(in crate::cli) shard: Shard,
    /// Seed of the random order of targets; the parts of one sweep need the same [default: a new one each time]
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) seed: Option<u64>,
    /// Send at most this many packets a second; 0 means no limit
    #[arg(long, value_name = "PACKETS", default_value_t = 200)]
    pub(in crate::cli) rate: u32,
    /// Wait for at most this many targets at once (a silent one takes a second); 0 means as many as this computer can
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(in crate::cli) max_inflight: usize,
    /// How to probe TCP: connect needs no rights, syn needs raw sockets. UDP always uses ordinary sockets
    #[arg(long, value_enum, default_value_t = Engine::Auto)]
    pub(in crate::cli) engine: Engine,
    /// Write each result to this new file as it comes, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Continue the sweep in this file, with its targets. Repeat the option to join the parts of one sweep: new results go to the
    /// first file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "service", "prefix", "port", "per_prefix", "all", "shard"])]
    pub(in crate::cli) resume: Vec<PathBuf>,
    /// Trace silent flows hop by hop for at most this many seconds; 0 traces none
    #[arg(long, value_name = "SECONDS", value_parser = patience, default_value = "2400")]
    pub(in crate::cli) trace: Duration,
    /// Write the missing rules for this firewall instead of the report
    #[arg(long, value_name = "FORMAT", value_parser = rule_format())]
    pub(in crate::cli) gap_as: Option<&'static rules::Format>,
    /// Run a large sweep (over 10 000 targets) without asking
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
