//! A wish that has no effect on a sweep is refused, not passed over.

use std::path::Path;

use why5003_probes::model::Family;

use super::super::args;
use super::super::settings::{Format, Settings};

/// Looks at flags that are every command's, and at what goes with what.
///
/// # Errors
/// For the first that can't be used.
pub(super) fn check(settings: &Settings, args: &args::Sweep) -> anyhow::Result<()> {
    let resumed = !args.resume.is_empty();
    let refused = [
        ("--resolver", !settings.overrides.resolvers.is_empty(), "a sweep probes addresses and resolves no names"),
        ("--proxy", settings.overrides.proxy.is_some(), "a sweep probes directly, never by a proxy"),
        ("--roots", settings.roots.is_some(), "a sweep reads no certificates"),
        ("-4", resumed && settings.family == Some(Family::V4), IN_THE_FILE),
        ("-6", resumed && settings.family == Some(Family::V6), IN_THE_FILE),
        ("--seed", resumed && args.seed.is_some(), IN_THE_FILE),
        (
            "--format",
            args.gap_as.is_some() && settings.format != Format::Human,
            "--gap-as writes rules in place of a report",
        ),
    ];
    for (flag, given, why) in refused {
        anyhow::ensure!(!given, "could not use {flag}: {why}");
    }
    anyhow::ensure!(
        args.out.as_deref() != Some(Path::new("-")),
        "could not use --out -: standard output carries the report; name a file"
    );
    Ok(())
}

const IN_THE_FILE: &str = "the resumed file sets the targets and their order";
