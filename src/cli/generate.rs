//! What is made from the program's own declarations: schema, completions, manual page.

use clap::CommandFactory;

use super::args::{Args, Completions, Schema, SchemaOf};
use super::exit::Code;
use super::output;
use crate::report;

pub(super) fn schema(schema: &Schema) -> anyhow::Result<Code> {
    let schema = match schema.of {
        SchemaOf::Report => report::schema(),
        SchemaOf::Sweep => report::sweep_schema(),
    };
    output::result(&serde_json::to_string_pretty(&schema)?)?;
    Ok(Code::Healthy)
}

pub(super) fn completions(completions: &Completions) -> anyhow::Result<Code> {
    let mut text = Vec::new();
    clap_complete::generate(completions.shell, &mut Args::command(), "why5003", &mut text);
    output::result(&String::from_utf8(text)?)?;
    Ok(Code::Healthy)
}

pub(super) fn man() -> anyhow::Result<Code> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    output::result(&String::from_utf8(page)?)?;
    Ok(Code::Healthy)
}
