//! `why5003 probe`: one probe, in full.

use std::fmt::Write as _;
use std::net::IpAddr;

use anyhow::{Context, bail};
use serde_json::{Map, Value};
use why5003_probes::model::{self, Fact, Family, Observation, Probe, ProbeName, Role, Target, Transport, Via};
use why5003_probes::os::{System, SystemLookup};
use why5003_probes::prober::{ProbeKind, Subject};
use why5003_probes::{kind, kinds};

use super::args::ProbeArgs;
use super::exit::Code;
use super::runtime::block_on;
use super::settings::{Format, Settings};
use super::{files, output, tools};
use crate::report::result_line;
use crate::run::{Finish, Limits, Schedule, Tools};

/// How many addresses of a name are probed.
const ADDRESSES: usize = 4;

pub(super) fn run(settings: &Settings, args: &ProbeArgs) -> anyhow::Result<Code> {
    if settings.format == Format::Markdown {
        bail!("could not write a probe as markdown: --format markdown is for a whole diagnosis");
    }
    let (Some(name), false) = (&args.kind, args.list) else {
        output::result(&list())?;
        return Ok(Code::Healthy);
    };
    let Ok(name) = name.parse() else {
        bail!("there is no probe {name:?}; why5003 probe --list shows them");
    };
    let kind = kind(name);
    let target: Target = match &args.target {
        Some(target) => target.parse().map_err(|error| anyhow::anyhow!("could not {error}"))?,
        None if kind.subject == Subject::ThisComputer => Target::this_host(),
        None => bail!("name a target, such as: why5003 probe {} zoom.us", kind.name),
    };
    let probe = requested(kind, target, settings, args)?;
    let tools = tools::overridden(settings)?;
    let seen = block_on(take(tools, kind, probe, settings))??;
    write(&seen, settings)?;
    let answered = seen.iter().all(|o| o.failure.is_none());
    Ok(if answered { Code::Healthy } else { Code::Blocked })
}

fn list() -> String {
    let mut text = String::new();
    for kind in kinds() {
        let _ = writeln!(text, "{:<11}{}", kind.name.to_string(), kind.summary);
    }
    text
}

/// The probe that the arguments ask for.
fn requested(kind: &'static ProbeKind, target: Target, settings: &Settings, args: &ProbeArgs) -> anyhow::Result<Probe> {
    let catalogue = files::catalogue(settings)?.catalogue;
    let role = match target.host.as_deref() {
        Some(host) => catalogue.host(host).map_or(Role::Control, |host| host.role),
        None if kind.subject == Subject::ThisComputer => Role::Host,
        None => Role::Range,
    };
    let via = match (&args.via, &settings.overrides.proxy) {
        (Some(via), _) => via.parse().map_err(|error| anyhow::anyhow!("could not {error}"))?,
        (None, Some(proxy)) => Via::Proxy(proxy.clone()),
        (None, None) if kind.subject == Subject::Name => match settings.overrides.resolvers.first() {
            Some(server) => format!("udp://{server}").parse()?,
            None => Via::System,
        },
        (None, None) => Via::Direct,
    };
    let variables = variables(&args.set)?;
    let says_transport = args.target.as_deref().is_some_and(|written| written.ends_with("/tcp"));
    let target = match (target.port, kind.default_port) {
        (None, Some((port, transport))) => target.at_port(port, transport),
        // A bare port is a TCP port to a target, and a UDP port to a probe that speaks nothing else.
        (Some((port, _)), Some((_, Transport::Udp))) if !says_transport => target.at_port(port, Transport::Udp),
        _ => target,
    };
    if kind.name == ProbeName::Proxy && via == Via::Direct && variables.fetch.is_none() {
        bail!("name the proxy, such as: why5003 probe proxy zoom.us --proxy http://proxy.example:3128");
    }
    Ok(Probe::new(kind.name, role, target).by(via).with(variables))
}

/// Reads `name=value` pairs as settings, by the names that reports use.
fn variables(pairs: &[String]) -> anyhow::Result<model::Settings> {
    let mut map = Map::new();
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else {
            bail!("could not read --set {pair}: write NAME=VALUE");
        };
        map.insert(name.to_owned(), value_of(name, value));
    }
    serde_json::from_value(Value::Object(map))
        .with_context(|| format!("could not read --set {}", pairs.join(" --set ")))
}

fn value_of(name: &str, value: &str) -> Value {
    match name {
        "sni" if value == "none" => Value::from("absent"),
        "sni" => serde_json::json!({ "name": value }),
        "fetch" => serde_json::json!({ "method": "GET", "path": value }),
        "tls" => Value::from(value),
        _ => serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)),
    }
}

/// Runs the probe; where an address is needed and only a name is given, one for each of its first addresses.
async fn take(tools: Tools, kind: &ProbeKind, probe: Probe, settings: &Settings) -> anyhow::Result<Vec<Observation>> {
    let needs_address = kind.subject == Subject::Address && probe.via == Via::Direct && probe.target.address.is_none();
    let probes = match (&probe.target.host, needs_address) {
        (Some(host), true) => {
            let addresses = resolve(&*tools.system, host, settings).await?;
            let at = |address: &IpAddr| Probe {
                target: Target { address: Some(*address), ..probe.target.clone() },
                ..probe.clone()
            };
            addresses.iter().map(at).collect()
        }
        _ => vec![probe],
    };
    // What makes no sense is wrong usage, not something that was not probed.
    for probe in &probes {
        (kind.prepare)(probe).map_err(|bad| anyhow::anyhow!("could not {bad}"))?;
    }
    let mut schedule = Schedule::new(tools, Limits::default());
    for (id, probe) in (0..).zip(probes) {
        schedule.push(id, probe);
    }
    let mut seen = Vec::new();
    let all = async {
        while let Some(finish) = schedule.next().await {
            match finish {
                Finish::Seen(observation) => seen.push(*observation),
                Finish::NotProbed(not) => bail!("{}: {}", not.what, not.why),
            }
        }
        Ok(())
    };
    tokio::time::timeout(settings.deadline(), all).await.context("the deadline came first")??;
    seen.sort_by_key(|o| o.id);
    Ok(seen)
}

async fn resolve(system: &dyn System, host: &str, settings: &Settings) -> anyhow::Result<Vec<IpAddr>> {
    let found = system.lookup(host, settings.deadline()).await.map_err(|error| anyhow::anyhow!("could not {error}"))?;
    let allowed = |address: &IpAddr| settings.family.is_none_or(|family| Family::of(*address) == family);
    match found {
        SystemLookup::Found(addresses) => {
            let addresses: Vec<IpAddr> = addresses.into_iter().filter(allowed).take(ADDRESSES).collect();
            anyhow::ensure!(!addresses.is_empty(), "could not resolve {host} to an address of that family");
            Ok(addresses)
        }
        SystemLookup::NotFound(words) | SystemLookup::TryAgain(words) | SystemLookup::Failed(words) => {
            bail!("could not resolve {host}: {words}")
        }
        SystemLookup::Silent => bail!("could not resolve {host}: the resolver is silent"),
    }
}

fn write(seen: &[Observation], settings: &Settings) -> anyhow::Result<()> {
    if settings.format == Format::Json {
        return output::result(&serde_json::to_string_pretty(seen)?);
    }
    let mut text = String::new();
    for observation in seen {
        let Probe { kind, target, via, .. } = &observation.probe;
        let millis = observation.took.as_secs_f64() * 1000.0;
        let _ = writeln!(text, "{kind} {target} {via}: {}  [{millis:.1} ms]", result_line(observation));
        for fact in &observation.facts {
            let _ = writeln!(text, "  {}", in_full(fact)?);
        }
        if let Some(failure) = &observation.failure {
            let _ = writeln!(text, "  failure: {failure}");
        }
    }
    output::result(&text)
}

/// A fact with all its fields, on one line.
fn in_full(fact: &Fact) -> anyhow::Result<String> {
    let Value::Object(mut fields) = serde_json::to_value(fact)? else {
        bail!("could not write a fact: it has no fields");
    };
    let name = fields.remove("fact").and_then(|tag| tag.as_str().map(str::to_owned)).unwrap_or_default();
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) => format!("{key} {text}"),
            other => format!("{key} {other}"),
        })
        .collect();
    Ok(format!("{name}: {}", fields.join(", ")))
}
