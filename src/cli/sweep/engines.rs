//! The engines of a sweep: the fastest that this user may use.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ipnet::IpNet;
use why5003_probes::engines::{Connect, Datagrams, Engine};
use why5003_probes::model::Transport;
use why5003_probes::os::System;

use super::super::args;
#[cfg(target_os = "linux")]
use super::super::output;
use super::super::settings::Settings;
use super::wanted::Wanted;

/// One engine for each transport that has targets.
///
/// # Errors
/// When the one that was asked for may not be used, or this computer gives no sockets.
pub(super) async fn choose(
    args: &args::Sweep,
    settings: &Settings,
    system: &Arc<dyn System>,
    wanted: &Wanted,
) -> anyhow::Result<Vec<(Transport, Box<dyn Engine>)>> {
    let prefixes = |of: Transport| -> Vec<IpNet> {
        let lanes = wanted.space.lanes().iter().filter(|lane| lane.port.transport == of);
        IpNet::aggregate(&lanes.map(|lane| lane.prefix).collect())
    };
    let (tcp, udp) = (prefixes(Transport::Tcp), prefixes(Transport::Udp));
    let mut engines: Vec<(Transport, Box<dyn Engine>)> = Vec::new();
    if !tcp.is_empty() {
        engines.push((Transport::Tcp, tcp_engine(args, settings, system, &tcp).await?));
    }
    if !udp.is_empty() {
        let engine = Datagrams::new(WAIT, settings.overrides.source, u128::from(wanted.seed)).context(BEGIN)?;
        engines.push((Transport::Udp, Box::new(engine)));
    }
    Ok(engines)
}

#[cfg(target_os = "linux")]
async fn tcp_engine(
    args: &args::Sweep,
    settings: &Settings,
    system: &Arc<dyn System>,
    prefixes: &[IpNet],
) -> anyhow::Result<Box<dyn Engine>> {
    use std::hash::RandomState;

    use why5003_probes::engines::Syn;
    use why5003_probes::model::CannotLook;

    if args.engine != args::Engine::Connect {
        match Syn::new(Arc::clone(system), prefixes, WAIT, settings.overrides.source, RandomState::new()).await {
            Ok(engine) => return Ok(Box::new(engine)),
            Err(CannotLook::Unprivileged { .. }) if args.engine == args::Engine::Auto => {}
            Err(error) if args.engine == args::Engine::Auto => {
                output::note(settings, &format!("It asks by connect, for the syn engine could not {}.", chain(&error)));
            }
            Err(error) => return Err(error).context("could not begin the sweep with --engine syn"),
        }
    }
    connect(settings)
}

/// An error with its reasons.
#[cfg(target_os = "linux")]
fn chain(error: &dyn std::error::Error) -> String {
    let reasons = std::iter::successors(Some(error), |error| error.source());
    reasons.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(not(target_os = "linux"))]
async fn tcp_engine(
    args: &args::Sweep,
    settings: &Settings,
    _: &Arc<dyn System>,
    _: &[IpNet],
) -> anyhow::Result<Box<dyn Engine>> {
    anyhow::ensure!(args.engine != args::Engine::Syn, "the syn engine is for Linux alone; use --engine connect");
    connect(settings)
}

fn connect(settings: &Settings) -> anyhow::Result<Box<dyn Engine>> {
    Ok(Box::new(Connect::new(WAIT, settings.overrides.source).context(BEGIN)?))
}

const BEGIN: &str = "could not begin the sweep";
/// How long a silent target is under way: that, and what a response in this computer may take.
pub(super) const TIME_OF_A_TARGET: Duration = Duration::from_millis(970);
/// For an answer: more than a round trip to any place on Earth, and less than until the kernel's second SYN (RFC 6298, 2.1).
const WAIT: Duration = Duration::from_millis(950);
