//! A scenario as its file says it.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::line::Line;
use crate::nest::As;

/// One network, and what the program must say of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The network in one sentence.
    pub(crate) story: String,
    /// What is left to chance in this network, so that a run may miss something: it is counted and printed as a miss. An innocent
    /// cause named fails here too.
    pub(crate) chance: Option<String>,
    /// What is missing of the program to tell it: listed, and left out.
    pub(crate) not_yet: Option<String>,
    /// What the program is asked to sweep, in place of its arguments.
    sweep: Option<SweepOf>,
    #[serde(default)]
    pub(crate) client: Client,
    #[serde(default)]
    pub(crate) office: Office,
    #[serde(default)]
    pub(crate) edge: Place,
    #[serde(default)]
    pub(crate) isp: Place,
    #[serde(default)]
    pub(crate) transit: Place,
    #[serde(default = "as_usual")]
    pub(crate) world: World,
    /// What the link between transit and the world does to packets; a plain cable where it isn't given.
    pub(crate) line: Option<Line>,
    pub(crate) expect: Expect,
}

/// What the program is asked to sweep: as fast as it goes, with all the time that it needs to trace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SweepOf {
    prefixes: Vec<String>,
    ports: Vec<String>,
    /// Both families, where IPv4 alone is the rule.
    #[serde(default)]
    both_families: bool,
    /// More arguments.
    #[serde(default)]
    more: Vec<String>,
}

impl SweepOf {
    fn arguments(&self) -> Vec<String> {
        let family = if self.both_families { &[][..] } else { &["-4"] };
        let mut arguments: Vec<String> = ["sweep"].iter().chain(family).map(|word| (*word).to_owned()).collect();
        arguments.extend(["--rate", "0", "--trace", "300"].map(str::to_owned));
        for (option, values) in [("--prefix", &self.prefixes), ("--port", &self.ports)] {
            arguments.extend(values.iter().flat_map(|value| [option.to_owned(), value.clone()]));
        }
        arguments.extend(self.more.iter().cloned());
        arguments
    }
}

/// What may be done at any place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The body of `table inet fault`.
    pub(crate) nft: Option<String>,
    /// Shell commands, after the network stands and before servers start.
    #[serde(default)]
    pub(crate) run: Vec<String>,
    /// Servers.
    #[serde(default)]
    pub(crate) start: Vec<Start>,
    /// Files of the scenario's directory, by name.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
}

/// A server that runs until the scenario ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    pub(crate) command: String,
    /// Where it listens: "10.0.1.1:3128". It is waited for.
    pub(crate) ready: Option<String>,
}

/// The computer that the program runs on.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// More arguments of the program.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// `nameserver` lines; the gateway's where none is given.
    #[serde(default)]
    pub(crate) resolvers: Vec<IpAddr>,
    /// Other lines of `resolv.conf`.
    #[serde(default)]
    pub(crate) resolv_conf: Vec<String>,
    /// Lines of the hosts file.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    #[serde(default)]
    pub(crate) ipv6: Ipv6,
    pub(crate) nft: Option<String>,
    #[serde(default)]
    pub(crate) run: Vec<String>,
    #[serde(default)]
    pub(crate) start: Vec<Start>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
}

/// The IPv6 of the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ipv6 {
    #[default]
    None,
    /// Beside IPv4.
    Works,
    /// Addresses and routes as if it worked, and nothing beyond the gateway.
    Dead,
    /// The client has no IPv4; the office translates (NAT64 and DNS64).
    Only,
}

/// The gateway, which is the resolver as well.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Office {
    /// More lines of dnsmasq's configuration.
    #[serde(default)]
    pub(crate) dnsmasq: Vec<String>,
    pub(crate) nft: Option<String>,
    #[serde(default)]
    pub(crate) run: Vec<String>,
    #[serde(default)]
    pub(crate) start: Vec<Start>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
}

/// The Internet with Zoom in it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct World {
    /// Statuspage's indicator: none, minor, major, critical.
    pub(crate) status_page: Option<String>,
    /// The status that Zoom's web hosts answer with, in place of their redirect.
    pub(crate) zoom_http: Option<u16>,
    #[serde(default)]
    pub(crate) certificates: Certificates,
    /// Whether neutral STUN servers and Zoom's own answer.
    #[serde(default = "yes")]
    pub(crate) stun: bool,
    /// More lines of the independent resolvers' `server:` clause.
    #[serde(default)]
    pub(crate) unbound: Vec<String>,
    /// More lines of `names.txt`.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    pub(crate) nft: Option<String>,
    #[serde(default)]
    pub(crate) run: Vec<String>,
    #[serde(default)]
    pub(crate) start: Vec<Start>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
}

/// A world of which nothing is said: `Default` would leave out what is usually there.
fn as_usual() -> World {
    toml::from_str("").unwrap()
}

fn yes() -> bool {
    true
}

/// What HTTPS hosts present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Certificates {
    #[default]
    Good,
    /// Zoom's ran out a month ago.
    ZoomExpired,
    /// Zoom's, by an inspecting firewall.
    ZoomInspected,
    /// Everybody's, by an inspecting firewall.
    Inspected,
}

/// What the program must say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) status: String,
    /// Other statuses that are as right, where packets are lost by chance, or where it is honest not to know.
    #[serde(default)]
    pub(crate) or_status: Vec<String>,
    /// The first cause; none where nothing may be named.
    pub(crate) first: Option<String>,
    /// Exactly the other causes.
    #[serde(default)]
    pub(crate) others: Vec<String>,
    /// Causes that may be named beside them.
    #[serde(default)]
    pub(crate) may: Vec<String>,
    pub(crate) location: Option<Location>,
    #[serde(default)]
    pub(crate) scope: BTreeMap<String, Vec<String>>,
    pub(crate) owner: Option<String>,
    /// Ids that some open question must hold.
    #[serde(default)]
    pub(crate) open: Vec<String>,
    /// What would be false blame: said for the reader, since every other id is one as well.
    #[serde(default)]
    pub(crate) not: Vec<String>,
    /// The most wall time, in seconds.
    pub(crate) seconds: Option<f64>,
    /// The most packets that the client sends.
    pub(crate) packets: Option<u64>,
    /// What a sweep must find, where the program's arguments ask for one.
    pub(crate) sweep: Option<Sweep>,
    user: Option<Box<ForUser>>,
}

/// What a sweep must find.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sweep {
    /// States, by port and prefix: `"tcp/443 170.114.0.0/16" = "partly"`, or "passes or unknown" where both are right.
    #[serde(default)]
    pub(crate) states: BTreeMap<String, String>,
    /// All that is missing, in order: "tcp/443 to 170.114.0.0/17 at hop 2, 10.0.2.2".
    #[serde(default)]
    pub(crate) gap: Vec<String>,
    /// The final state on every target, if it wrote its file: "prohibited 170.114.56.16-170.114.56.31 at hop 2, 10.0.2.2".
    #[serde(default)]
    pub(crate) words: Vec<String>,
    /// Parts of its summary.
    #[serde(default)]
    pub(crate) says: Vec<String>,
    /// Other gaps that are as right.
    #[serde(default)]
    pub(crate) or_gap: Vec<Vec<String>>,
}

/// Where an ordinary user gets another verdict than root.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForUser {
    /// Why it can't be the same.
    #[serde(rename = "why")]
    _why: String,
    status: Option<String>,
    first: Option<String>,
    #[serde(default)]
    no_cause: bool,
    others: Option<Vec<String>>,
    may: Option<Vec<String>>,
    location: Option<Location>,
    #[serde(default)]
    no_location: bool,
    open: Option<Vec<String>>,
}

/// Where the fault is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Location {
    pub(crate) hop: Option<u8>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) next: Option<IpAddr>,
}

impl Expect {
    /// What is expected of a run by root or by an ordinary user.
    pub(crate) fn by(&self, who: As) -> Self {
        let mut expect = self.clone();
        let (As::User, Some(other)) = (who, &self.user) else { return expect };
        let other = (**other).clone();
        expect.status = other.status.unwrap_or(expect.status);
        expect.first = if other.no_cause { None } else { other.first.or(expect.first) };
        expect.others = other.others.unwrap_or(expect.others);
        expect.may = other.may.unwrap_or(expect.may);
        expect.location = if other.no_location { None } else { other.location.or(expect.location) };
        expect.open = other.open.unwrap_or(expect.open);
        if expect.first.is_none() {
            expect.scope.clear();
        }
        expect
    }
}

impl Client {
    pub(crate) fn place(&self) -> Place {
        Place { nft: self.nft.clone(), run: self.run.clone(), start: self.start.clone(), files: self.files.clone() }
    }
}

impl Office {
    pub(crate) fn place(&self) -> Place {
        Place { nft: self.nft.clone(), run: self.run.clone(), start: self.start.clone(), files: self.files.clone() }
    }
}

impl World {
    pub(crate) fn place(&self) -> Place {
        Place { nft: self.nft.clone(), run: self.run.clone(), start: self.start.clone(), files: self.files.clone() }
    }
}

/// The scenarios of the folder, in order.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(SCENARIOS))
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            (path.extension()? == "toml").then(|| path.file_stem().unwrap().to_str().unwrap().to_owned())
        })
        .collect();
    names.sort();
    names
}

/// Reads one, with the fragments that it includes.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn load(name: &str) -> Result<Scenario, String> {
    let (path, text) = read(SCENARIOS, &format!("{name}.toml"))?;
    let wrong = |error: toml::de::Error| format!("{}: {error}", path.display());
    let mut table: toml::Table = toml::from_str(&text).map_err(wrong)?;
    let mut scenario: Scenario = match table.remove("include") {
        // Errors have their line where the text itself is read.
        None => toml::from_str(&text).map_err(wrong)?,
        Some(names) => {
            for fragment in names.try_into::<Vec<String>>().map_err(wrong)?.iter().rev() {
                let (path, text) = read(FRAGMENTS, fragment)?;
                let below = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
                table = laid_over(below, table);
            }
            toml::Value::Table(table).try_into().map_err(wrong)?
        }
    };
    if let Some(sweep) = &scenario.sweep {
        scenario.client.args = sweep.arguments();
    }
    Ok(scenario)
}

/// A table over a fragment: what both have is the table's own, but lists and firewall rules come after the fragment's.
fn laid_over(mut below: toml::Table, over: toml::Table) -> toml::Table {
    for (key, value) in over {
        let value = match (below.remove(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(over)) => laid_over(below, over).into(),
            (Some(toml::Value::Array(below)), toml::Value::Array(over)) => [below, over].concat().into(),
            (Some(toml::Value::String(below)), toml::Value::String(over)) if key == "nft" => {
                format!("{below}\n{over}").into()
            }
            (_, over) => over,
        };
        below.insert(key, value);
    }
    below
}

/// The path and the text of a file.
fn read(folder: &str, name: &str) -> Result<(PathBuf, String), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((path, text))
}

/// Whether a scenario asks for a sweep.
pub(crate) fn sweeps(name: &str) -> bool {
    load(name).is_ok_and(|scenario| scenario.expect.sweep.is_some())
}

const SCENARIOS: &str = "tests/lab/scenarios";
const FRAGMENTS: &str = "tests/lab/fragments";
