//! What the command line says of a sweep, read once: plain values.

use std::path::PathBuf;

use super::super::args::{self, Engine};
use super::super::settings::Settings;
use super::unsupported;
use crate::app::{EngineChoice, SweepPart, SweepScope, SweepSettings};
use crate::rules::Format;
use crate::sweep::{Amount, Selection, Shard};

/// A sweep, as the user wants it.
pub(super) struct Command {
    /// Which one.
    pub(super) which: Which,
    /// How it is made.
    pub(super) settings: SweepSettings,
    /// The firewall for which the missing rules are written, in place of a report.
    pub(super) gap_as: Option<&'static Format>,
    /// Whether a large one may begin without a question.
    pub(super) yes: bool,
}

/// A new sweep, or one that was begun.
pub(super) enum Which {
    /// A new one.
    New {
        /// What it covers.
        scope: SweepScope,
        /// The file of its log, where one is wanted.
        out: Option<PathBuf>,
    },
    /// The one that these files are of: the first is gone on with.
    Begun {
        /// The first.
        first: PathBuf,
        /// Those of other parts.
        others: Vec<PathBuf>,
    },
}

impl Command {
    /// What the arguments say.
    ///
    /// # Errors
    /// For the first flag that has no effect on a sweep, or that lacks another one.
    pub(super) fn from_args(settings: &Settings, args: args::Sweep) -> anyhow::Result<Self> {
        unsupported::check(settings, &args)?;
        let how = SweepSettings {
            rate: (args.rate > 0).then_some(args.rate),
            max_inflight: (args.max_inflight > 0).then_some(args.max_inflight),
            engine: match args.engine {
                Engine::Auto => EngineChoice::Fastest,
                Engine::Connect => EngineChoice::Connect,
                Engine::Syn => EngineChoice::Syn,
            },
            trace: args.trace,
            deadline: settings.deadline,
            source: settings.overrides.source,
        };
        let (gap_as, yes) = (args.gap_as, args.yes);
        Ok(Self { which: which(settings, args)?, settings: how, gap_as, yes })
    }
}

fn which(settings: &Settings, args: args::Sweep) -> anyhow::Result<Which> {
    let mut files = args.resume.into_iter();
    if let Some(first) = files.next() {
        return Ok(Which::Begun { first, others: files.collect() });
    }
    let part = match (args.shard, args.seed) {
        (Shard::WHOLE, seed) => SweepPart::Whole { seed },
        (shard, Some(seed)) => SweepPart::Shard { shard, seed },
        (_, None) => anyhow::bail!("the parts of a sweep need one order: give the same --seed to each"),
    };
    let selection =
        Selection { services: args.service, prefixes: args.prefix, ports: args.port, family: settings.family };
    let amount = if args.all { Amount::All } else { Amount::PerPrefix(args.per_prefix) };
    Ok(Which::New { scope: SweepScope { selection, amount, part }, out: args.out })
}
