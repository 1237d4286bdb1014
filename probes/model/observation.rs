//! One probe together with what it saw, in the form that reports carry.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Fact, Failure, Probe, ProbeName, Role, Settings, Target, Via, micros};

/// What one probe saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Its number in the run, from 0, in the order of the plan.
    pub id: u32,
    /// What was asked.
    pub probe: Probe,
    /// When it began, since the run began.
    pub started: Duration,
    /// How long it took.
    pub took: Duration,
    /// What was seen, in the order it was seen.
    pub facts: Vec<Fact>,
    /// How it ended short of its answer, if it did.
    pub failure: Option<Failure>,
}

/// The form of an [`Observation`] in a report (`why5003.report/1`).
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Observation")]
struct Record {
    /// Its number in the run.
    id: u32,
    /// The probe kind's name.
    probe: String,
    /// What it pointed at.
    target: String,
    /// By which way.
    via: String,
    /// When it began, in microseconds since the run began.
    started_us: u64,
    /// How long it took, in microseconds.
    took_us: u64,
    /// What was asked, then what was seen, in order.
    facts: Vec<RecordFact>,
    /// How it ended short of its answer, if it did.
    failure: Option<Failure>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum RecordFact {
    Asked(Asked),
    Seen(Fact),
}

/// What was asked: always the first fact.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    fact: AskedTag,
    /// What the target is to Zoom, or to the diagnosis.
    role: Role,
    /// The variables that differ from the baseline.
    #[serde(default, skip_serializing_if = "is_baseline")]
    settings: Settings,
    /// How many equal ones were asked before it; none where it does not stand.
    #[serde(default, skip_serializing_if = "is_first")]
    repeat: u16,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AskedTag {
    Asked,
}

fn is_baseline(settings: &Settings) -> bool {
    *settings == Settings::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_first(repeat: &u16) -> bool {
    *repeat == 0
}

impl Serialize for Observation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Probe { role, repeat, .. } = self.probe;
        let asked = Asked { fact: AskedTag::Asked, role, settings: self.probe.settings.clone(), repeat };
        let seen = self.facts.iter().cloned().map(RecordFact::Seen);
        Record {
            id: self.id,
            probe: self.probe.kind.to_string(),
            target: self.probe.target.to_string(),
            via: self.probe.via.to_string(),
            started_us: micros(self.started),
            took_us: micros(self.took),
            facts: std::iter::once(RecordFact::Asked(asked)).chain(seen).collect(),
            failure: self.failure.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Observation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let record = Record::deserialize(deserializer)?;
        let mut asked = None;
        let mut facts = Vec::with_capacity(record.facts.len());
        for fact in record.facts {
            match fact {
                RecordFact::Asked(a) => asked = Some(a),
                RecordFact::Seen(fact) => facts.push(fact),
            }
        }
        let asked = asked.ok_or_else(|| D::Error::missing_field("facts[0]: asked"))?;
        let probe = record.probe.parse::<ProbeName>().map_err(D::Error::custom)?;
        Ok(Self {
            id: record.id,
            probe: Probe {
                kind: probe,
                role: asked.role,
                target: record.target.parse::<Target>().map_err(D::Error::custom)?,
                via: record.via.parse::<Via>().map_err(D::Error::custom)?,
                settings: asked.settings,
                repeat: asked.repeat,
            },
            started: Duration::from_micros(record.started_us),
            took: Duration::from_micros(record.took_us),
            facts,
            failure: record.failure,
        })
    }
}

impl JsonSchema for Observation {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Observation".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Record::json_schema(generator)
    }
}
