//! `why5003 explain`: what a cause means, how to prove it, how to mend it.

use anyhow::bail;

use super::args::Explain;
use super::exit::Code;
use super::output;
use super::settings::{Format, Settings};
use crate::report;
use crate::verdict::{CAUSES, cause};

pub(super) fn run(settings: &Settings, explain: &Explain) -> anyhow::Result<Code> {
    match &explain.id {
        Some(id) => match cause(id) {
            Some(cause) => output::result(&report::explain(cause, output::style(settings)))?,
            None => bail!("there is no cause {id:?}; why5003 explain lists them"),
        },
        None => output::result(&report::causes_table(CAUSES, settings.format == Format::Markdown))?,
    }
    Ok(Code::Healthy)
}
