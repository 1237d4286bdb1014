//! Commands and flags, as clap reads them; help, man page and completions come from here.

mod rule_format;
mod sweep;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use why5003_probes::model::Proxy;

use crate::rules;
use rule_format::rule_format;
pub(super) use sweep::{Engine, Sweep};

/// Tells why a Zoom client on this network shows error 5003, where the fault sits, and who must change what
#[derive(Clone, Debug, Parser)]
#[command(name = "why5003", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Args {
    /// What to do; `diagnose` is the default.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// How to do it.
    #[command(flatten)]
    pub(super) options: Options,
}

const EXIT_CODES: &str = "Exit codes: 0 healthy, 1 degraded, 2 blocked, 3 unknown, could not probe, or wrong usage.";

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(super) struct Options {
    /// How to write the result to standard output
    #[arg(long, value_enum, default_value_t = Format::Human, global = true)]
    pub(super) format: Format,
    /// Show every observation (of a sweep: every prefix) and the remedies for every system
    #[arg(long, short, global = true)]
    pub(super) verbose: bool,
    /// Write nothing but the result: no progress, no notes
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// End the run after this many seconds and judge what was observed by then [default: 20; none for sweep]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, global = true)]
    pub(super) deadline: Option<Duration>,
    /// Probe against this catalogue instead of the one built in
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) catalogue: Option<PathBuf>,
    /// Trust the root certificates in this PEM file as the public ones, instead of Mozilla's
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) roots: Option<PathBuf>,
    /// Use this resolver instead of the configured one (may be repeated); the default port is 53
    #[arg(long, value_name = "ADDRESS", value_parser = resolver, global = true)]
    pub(super) resolver: Vec<SocketAddr>,
    /// Use this proxy instead of the system's: http://[user:password@]host:port, https:// or socks5://
    #[arg(long, value_name = "URL", value_parser = proxy, global = true)]
    pub(super) proxy: Option<Proxy>,
    /// Send from this address of this computer
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub(super) source: Option<IpAddr>,
    /// Use IPv4 only
    #[arg(short = '4', long = "ipv4", conflicts_with = "ipv6", global = true)]
    pub(super) ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long = "ipv6", global = true)]
    pub(super) ipv6: bool,
}

/// How a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// The schema `why5003.report/1`; of a sweep `why5003.sweep/1`.
    Json,
    /// A ticket for whoever must change something; secrets are left out.
    Markdown,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
    /// Diagnose this network: what is to blame, and where (the default)
    Diagnose,
    /// Test which of Zoom's published prefixes and ports this network lets through
    Sweep(Sweep),
    /// Run one probe and show all that it observed
    Probe(ProbeArgs),
    /// Run the diagnosis on a built-in look-alike of Zoom on loopback: no root, no network
    Demo(Demo),
    /// Judge a recorded run (a report in JSON) again
    Replay(Replay),
    /// Show, import, update or export what Zoom publishes
    Catalogue(Catalogue),
    /// Explain a cause: what it means, how to prove it, how to mend it
    Explain(Explain),
    /// Print the JSON Schema of a report
    Schema(Schema),
    /// Print shell completions
    Completions(Completions),
    /// Print the manual page
    Man,
}

/// Arguments of `probe`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ProbeArgs {
    /// The kind of probe: see the list below
    pub(super) kind: Option<String>,
    /// The target: zoom.us, zoom.us:443, 192.0.2.1:3478/udp, zoom.us@192.0.2.1:443
    pub(super) target: Option<String>,
    /// The route: direct, system, udp://192.0.2.1:53, tcp://…, dot://192.0.2.1:853#name, doh://…#name, or "proxy http://host:3128"
    #[arg(long, value_name = "WAY")]
    pub(super) via: Option<String>,
    /// Set a variable of the probe (may be repeated): sni=none, hello=small, mss=1200, ttl=3, traceroute=16, record=AAAA, tries=1, wait_ms=500, …
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// List the kinds of probe
    #[arg(long)]
    pub(super) list: bool,
}

/// Arguments of `demo`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Demo {
    /// The fault to put on the look-alike; see --list
    #[arg(default_value = "sni-reset")]
    pub(super) fault: String,
    /// List the faults
    #[arg(long)]
    pub(super) list: bool,
    /// Run every fault and say whether the verdict was right
    #[arg(long)]
    pub(super) all: bool,
}

/// Arguments of `replay`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Replay {
    /// The report; `-` is standard input
    pub(super) file: PathBuf,
}

/// Arguments of `catalogue`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Catalogue {
    /// What to do with it
    #[command(subcommand)]
    pub(super) action: CatalogueAction,
}

/// What to do with the catalogue.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum CatalogueAction {
    /// Show services, prefixes, hosts, controls and resolvers
    Show(CatalogueShow),
    /// Read Zoom's plain lists (one CIDR a line) and write the catalogue with them; what changed goes to standard error
    Import(CatalogueImport),
    /// Fetch Zoom's published lists over HTTPS and write the catalogue with them; what changed goes to standard error
    Update(CatalogueUpdate),
    /// Write firewall rules that let Zoom out, in the syntax of a firewall
    Export(CatalogueExport),
}

/// Arguments of `catalogue show`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CatalogueShow {
    /// Only this service, with every prefix on a line of its own
    pub(super) service: Option<String>,
}

/// Arguments of `catalogue import`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CatalogueImport {
    /// Lists, named as Zoom names them (ZoomMeetings.txt, ZoomMeetings-IPv6.txt, …)
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Write the catalogue to this file, in one step, instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Arguments of `catalogue update`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CatalogueUpdate {
    /// Write the catalogue to this file, in one step, instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Arguments of `catalogue export`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CatalogueExport {
    /// For which firewall
    #[arg(long = "as", value_name = "FORMAT", value_parser = rule_format())]
    pub(super) firewall: &'static rules::Format,
    /// Only this service (may be repeated); see `why5003 catalogue show`. Where none is named: what a client needs
    #[arg(long, value_name = "ID")]
    pub(super) service: Vec<String>,
    /// Write the rules to this file, in one step, instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Arguments of `explain`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Explain {
    /// The cause's id; all of them in a table where none is given
    pub(super) id: Option<String>,
}

/// Arguments of `schema`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Schema {
    /// Of which report
    #[arg(value_enum, default_value_t = SchemaOf::Report)]
    pub(super) of: SchemaOf,
}

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// Of a diagnosis: why5003.report/1
    Report,
    /// Of a sweep: why5003.sweep/1
    Sweep,
}

/// Arguments of `completions`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number of seconds from 0.1 to 3600".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    if (0.1..=3600.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err(wrong()) }
}

fn resolver(text: &str) -> Result<SocketAddr, String> {
    let bare = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
    bare.or_else(|_| text.parse()).map_err(|_| "write an address, such as 192.0.2.1 or [2001:db8::1]:53".to_owned())
}

fn proxy(text: &str) -> Result<Proxy, String> {
    text.parse().map_err(|_| "write it as http://proxy.example:3128, https://… or socks5://…".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_holds_together() {
        Args::command().debug_assert();
    }
}
