//! What the command line says, read once: plain values, which every command works with.
//!
//! How arguments are spelled is the business of `args` alone.

use std::path::PathBuf;
use std::time::Duration;

use why5003_probes::model::Family;

use super::args::{self, Options};
use crate::app::{DiagnosisSettings, Overrides};

/// What holds for every command.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// How the result is written.
    pub(super) format: Format,
    /// Whether a person wants to see everything.
    pub(super) verbose: bool,
    /// Whether nothing but the result is written.
    pub(super) quiet: bool,
    /// When the run ends, where the user said so.
    pub(super) deadline: Option<Duration>,
    /// The catalogue's file; the one built in where there is none.
    pub(super) catalogue: Option<PathBuf>,
    /// The file of root certificates; Mozilla's where there is none.
    pub(super) roots: Option<PathBuf>,
    /// The one address family to use.
    pub(super) family: Option<Family>,
    /// What stands in the place of the system's own settings.
    pub(super) overrides: Overrides,
}

/// How a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// For tickets.
    Markdown,
}

impl From<Options> for Settings {
    fn from(options: Options) -> Self {
        Self {
            format: match options.format {
                args::Format::Human => Format::Human,
                args::Format::Json => Format::Json,
                args::Format::Markdown => Format::Markdown,
            },
            verbose: options.verbose,
            quiet: options.quiet,
            deadline: options.deadline,
            catalogue: options.catalogue,
            roots: options.roots,
            family: match (options.ipv4, options.ipv6) {
                (true, _) => Some(Family::V4),
                (_, true) => Some(Family::V6),
                (false, false) => None,
            },
            overrides: Overrides { resolvers: options.resolver, proxy: options.proxy, source: options.source },
        }
    }
}

impl Settings {
    /// How a diagnosis is made.
    pub(super) fn diagnosis(&self) -> DiagnosisSettings {
        DiagnosisSettings { deadline: self.deadline(), family: self.family, overrides: self.overrides.clone() }
    }

    /// When a run ends that is to be short.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline.unwrap_or(DiagnosisSettings::default().deadline)
    }
}
