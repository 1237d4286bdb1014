//! `why5003 diagnose`: the verdict on this network.

use std::sync::Arc;

use anyhow::Context;
use why5003_probes::net::{Network, Sockets};
use why5003_probes::os::{System, SystemClock, this_system};

use super::args::Options;
use super::exit::Code;
use super::interrupts::Interrupts;
use super::session::{Session, block_on};
use super::{given, output};
use crate::run::Tools;

pub(super) fn run(options: &Options) -> anyhow::Result<Code> {
    let (catalogue, source) = given::catalogue(options)?;
    let tools = tools(options)?;
    let session = Session { tools, catalogue: Arc::new(catalogue), source };
    let report = block_on(async {
        let mut interrupts = Interrupts::listen()?;
        anyhow::Ok(session.diagnose(options, &mut interrupts).await)
    })??;
    output::report(&report, options)?;
    Ok(report.verdict.status.into())
}

/// The real network and the real system.
pub(super) fn tools(options: &Options) -> anyhow::Result<Tools> {
    let mut network: Arc<dyn Network> = Arc::new(Sockets::new());
    let system: Arc<dyn System> = Arc::from(this_system());
    if let Some(source) = options.source {
        std::net::UdpSocket::bind((source, 0)).with_context(|| format!("could not send from {source}"))?;
        network = Arc::new(given::SentFrom { network, source });
    }
    Ok(Tools {
        network,
        clock: Arc::new(SystemClock::start()),
        system: given::system(system, options),
        trust: Arc::new(given::trust(options)?),
    })
}
