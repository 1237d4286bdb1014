//! `why5003 catalogue`: shows, imports and updates what Zoom publishes.

use super::args::{Catalogue, Options};
use super::exit::Code;

pub(super) fn run(_options: &Options, _catalogue: &Catalogue) -> anyhow::Result<Code> {
    anyhow::bail!("being written")
}
