//! Reads scenario files: bases that are included, shorthands that are expanded, and what a scenario changes of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Deserialize;
use toml::{Table, Value};
use why5003::catalogue::Catalogue;
use why5003::evidence::{Background, Evidence, NotProbed};
use why5003_probes::model::{Fact, Failure, Observation, Probe, ProbeName, Role, Settings, Target, Via};

use super::expect::Expect;

/// A network, what was seen of it, and what the judge must say.
pub(super) struct Scenario {
    pub(super) expect: Expect,
    pub(super) seen: Vec<Observation>,
    not_probed: Vec<NotProbed>,
    os: String,
}

impl Scenario {
    pub(super) fn evidence(&self) -> Evidence {
        self.evidence_of(self.seen.clone())
    }

    /// The same network, of which only this was seen.
    pub(super) fn evidence_of(&self, seen: Vec<Observation>) -> Evidence {
        let background = Background::new(Arc::clone(&CATALOGUE), &self.os);
        Evidence::new(seen, self.not_probed.clone(), background)
    }
}

/// The names of all scenarios, in order.
pub(super) fn files() -> Vec<String> {
    let found = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = found.filter_map(|file| Some(file.strip_suffix(".toml")?.to_owned())).collect();
    names.sort();
    names
}

/// Reads one scenario.
pub(super) fn scenario(name: &str) -> Result<Scenario, String> {
    let file: File = read(&format!("{name}.toml"))?;
    if file.story.trim().is_empty() {
        return Err("its story is empty".to_owned());
    }
    let mut observations: Vec<Seen> = Vec::new();
    for base in &file.include {
        observations.extend(base_observations(base)?);
    }
    let before = observations.len();
    for pattern in &file.without {
        let count = observations.len();
        observations.retain(|seen| !is_meant(&seen.probe, pattern));
        if observations.len() == count {
            return Err(format!("nothing to leave out begins with {pattern:?}"));
        }
    }
    for change in &file.change {
        for pattern in &change.observations {
            let meant: Vec<_> = observations.iter_mut().filter(|seen| is_meant(&seen.probe, pattern)).collect();
            if meant.is_empty() {
                return Err(format!("nothing to change among {before} observations begins with {pattern:?}"));
            }
            for seen in meant {
                seen.came = change.came.clone();
            }
        }
    }
    for own in file.seen {
        match observations
            .iter_mut()
            .find(|seen| seen.from_base && seen.probe == own.probe && seen.settings == own.settings)
        {
            Some(same) => *same = Seen { role: own.role.or(same.role), ..own },
            None => observations.push(own),
        }
    }
    let seen = (0..).zip(observations).map(|(id, seen)| seen.observation(id)).collect::<Result<_, _>>()?;
    Ok(Scenario { expect: file.expect, seen, not_probed: file.not_probed, os: file.os })
}

fn base_observations(name: &str) -> Result<Vec<Seen>, String> {
    let base: Base = read(&format!("base/{name}"))?;
    let mut observations = Vec::new();
    for other in &base.include {
        observations.extend(base_observations(other)?);
    }
    observations.extend(base.seen);
    Ok(observations)
}

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::embedded()));

static SHORTHANDS: LazyLock<BTreeMap<String, Shorthand>> = LazyLock::new(|| read("base/shorthands.toml").unwrap());

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What the network is, in one line.
    story: String,
    /// Files of `base/` whose observations come first.
    #[serde(default)]
    include: Vec<String>,
    /// Probes of those that are left out.
    #[serde(default)]
    without: Vec<String>,
    /// Probes of those that saw something else.
    #[serde(default)]
    change: Vec<Change>,
    /// More observations; one that a base has too stands in its place.
    #[serde(default)]
    seen: Vec<Seen>,
    #[serde(default)]
    not_probed: Vec<NotProbed>,
    #[serde(default = "linux")]
    os: String,
    expect: Expect,
}

fn linux() -> String {
    "linux".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    /// Other files of `base/` whose observations come first.
    #[serde(default)]
    include: Vec<String>,
    #[serde(default, deserialize_with = "of_a_base")]
    seen: Vec<Seen>,
}

fn of_a_base<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Seen>, D::Error> {
    let mut seen = Vec::<Seen>::deserialize(from)?;
    for seen in &mut seen {
        seen.from_base = true;
    }
    Ok(seen)
}

#[derive(Deserialize)]
struct Seen {
    /// Probe, target and way, as reports spell them.
    probe: String,
    /// What the target is; the catalogue's word where it is one of its hosts.
    role: Option<Role>,
    #[serde(default)]
    settings: Table,
    /// How many equal ones were asked before.
    #[serde(default)]
    repeat: u16,
    #[serde(flatten)]
    came: Came,
    #[serde(skip)]
    from_base: bool,
}

#[derive(Deserialize)]
struct Change {
    /// How the spelling of the observations begins; `*` stands for any text.
    observations: Vec<String>,
    #[serde(flatten)]
    came: Came,
}

/// What came of a probe.
#[derive(Clone, Deserialize)]
struct Came {
    /// Shorthands, in order.
    #[serde(default, rename = "is", deserialize_with = "one_or_more")]
    shorthands: Vec<String>,
    /// What stands for `$word` in them.
    #[serde(default)]
    with: Table,
    #[serde(default)]
    facts: Vec<Value>,
    failure: Option<Value>,
    took_ms: Option<u64>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shorthand {
    #[serde(default)]
    facts: Vec<Value>,
    failure: Option<Value>,
    took_ms: Option<u64>,
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        One(String),
        More(Vec<String>),
    }
    Ok(match Words::deserialize(from)? {
        Words::One(word) => vec![word],
        Words::More(words) => words,
    })
}

impl Seen {
    fn observation(self, id: u32) -> Result<Observation, String> {
        let wrong = |what: &dyn std::fmt::Display| format!("{:?}: {what}", self.probe);
        let mut words = self.probe.splitn(3, ' ');
        let (Some(probe), Some(target), Some(via)) = (words.next(), words.next(), words.next()) else {
            return Err(wrong(&"write probe, target and way"));
        };
        let probe = probe.parse::<ProbeName>().map_err(|e| wrong(&e))?;
        let target: Target = target.parse().map_err(|e| wrong(&e))?;
        let via: Via = via.parse().map_err(|e| wrong(&e))?;
        let Some(role) = self.role.or_else(|| role_of(&target)) else { return Err(wrong(&"say its role")) };
        let mut settings: Settings = Value::Table(self.settings.clone()).try_into().map_err(|e| wrong(&e))?;
        // As the plan sets it.
        settings.prefix = target.address.and_then(|address| CATALOGUE.prefix_of(address));

        let mut with = Table::new();
        with.extend(target.host.clone().map(|host| ("host".to_owned(), Value::String(host))));
        with.extend(target.address.map(|address| ("address".to_owned(), Value::String(address.to_string()))));
        for (word, by) in self.came.with.clone() {
            let by = filled(by, &with).map_err(|e| wrong(&e))?;
            with.insert(word, by);
        }
        let (mut facts, mut failure, mut took_ms) = (Vec::new(), None, 10);
        for name in &self.came.shorthands {
            let short = SHORTHANDS.get(name).ok_or_else(|| wrong(&format!("no shorthand {name:?}")))?.clone();
            facts.extend(short.facts);
            failure = short.failure.or(failure);
            took_ms = short.took_ms.unwrap_or(took_ms);
        }
        facts.extend(self.came.facts.clone());
        failure = self.came.failure.clone().or(failure);
        let facts = facts
            .into_iter()
            .map(|fact| filled(fact, &with)?.try_into::<Fact>().map_err(|e| e.to_string()))
            .collect::<Result<_, _>>()
            .map_err(|e| wrong(&e))?;
        let failure = failure
            .map(|failure| filled(failure, &with)?.try_into::<Failure>().map_err(|e| e.to_string()))
            .transpose()
            .map_err(|e| wrong(&e))?;
        Ok(Observation {
            id,
            probe: Probe { kind: probe, role, target, via, settings, repeat: self.repeat },
            started: Duration::from_millis(u64::from(id)),
            took: Duration::from_millis(self.came.took_ms.unwrap_or(took_ms)),
            facts,
            failure,
        })
    }
}

fn role_of(target: &Target) -> Option<Role> {
    let name = target.host.as_deref()?;
    match CATALOGUE.host(name) {
        Some(host) if host.decisive => Some(Role::SignIn),
        Some(_) => Some(Role::Side),
        None => CATALOGUE.controls.iter().any(|control| control.name == name).then_some(Role::Control),
    }
}

/// The same value with `$word`s replaced.
fn filled(value: Value, with: &Table) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(word) if with.contains_key(word) => with[word].clone(),
            _ => {
                let mut text = text;
                for (word, by) in with {
                    if let Value::String(by) = by {
                        text = text.replace(&format!("${word}"), by);
                    }
                }
                if text.contains('$') {
                    return Err(format!("nothing stands for the $ in {text:?}"));
                }
                Value::String(text)
            }
        },
        Value::Array(values) => Value::Array(values.into_iter().map(|v| filled(v, with)).collect::<Result<_, _>>()?),
        Value::Table(table) => {
            Value::Table(table.into_iter().map(|(k, v)| Ok((k, filled(v, with)?))).collect::<Result<_, String>>()?)
        }
        other => other,
    })
}

/// Whether a probe's spelling begins as the pattern says.
fn is_meant(probe: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = probe.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

fn read<T: for<'de> Deserialize<'de>>(file: &str) -> Result<T, String> {
    let text = std::fs::read_to_string(folder().join(file)).map_err(|e| format!("{file}: {e}"))?;
    toml::from_str(&text).map_err(|e| format!("{file}: {e}"))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}
