//! The names of the formats of firewall rules, as an argument.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::rules::{self, FORMATS, Format};

/// Reads the name of a format; the list of formats is what help shows.
pub(in crate::cli) fn rule_format() -> impl TypedValueParser<Value = &'static Format> {
    let values = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.title));
    PossibleValuesParser::new(values).try_map(|name| rules::format(&name).ok_or("there is no such format"))
}
