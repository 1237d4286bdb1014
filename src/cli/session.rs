//! One diagnosis, from tools to report: shared by the real network and the look-alike.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use why5003_probes::kit::{Fact, Interface, ProxySetting};

use super::args::Options;
use super::given;
use super::interrupts::Interrupts;
use super::progress::Progress;
use crate::catalogue::Catalogue;
use crate::evidence::{Background, Evidence};
use crate::plan::Plan;
use crate::report::{CatalogueStamp, Report, SCHEMA, Tool, Vantage};
use crate::run::{self, Gathered, Standing, Tools};
use crate::verdict::{Judgement, Status, judge};

/// What a diagnosis is run on.
pub(super) struct Session {
    /// What looks are taken with.
    pub(super) tools: Tools,
    /// What is probed against.
    pub(super) catalogue: Arc<Catalogue>,
    /// Where the catalogue came from.
    pub(super) source: String,
}

/// What the summary of a run begins with that was stopped, or ran out of time.
pub(super) const INCOMPLETE: &str = "Incomplete run. ";

/// Runs asynchronous work to its end, and leaves no thread behind that could hold the program up.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let done = runtime.block_on(work);
    // A lookup that hangs in the system's library cannot be ended, only left.
    runtime.shutdown_background();
    Ok(done)
}

impl Session {
    /// Looks, judges and writes it up.
    pub(super) async fn diagnose(&self, options: &Options, interrupts: &mut Interrupts) -> Report {
        let started = self.tools.clock.wall();
        let began = self.tools.clock.elapsed();
        let background = Background::new(Arc::clone(&self.catalogue), remedy_os(self.tools.system.name()));
        let plan = Plan::new(&self.catalogue, given::wishes(options));
        let mut progress = Progress::start(options);
        let gathered = run::diagnose(
            self.tools.clone(),
            plan,
            options.deadline(),
            &mut |seen, missed| standing(&Evidence::new(seen.to_vec(), missed.to_vec(), background.clone())),
            &mut |event| progress.show(&event),
            interrupts.next(),
        )
        .await;
        progress.end();
        let took = self.tools.clock.elapsed().saturating_sub(began);
        self.report(gathered, background, started, took)
    }

    fn report(&self, gathered: Gathered, background: Background, started: Duration, took: Duration) -> Report {
        let Gathered { observations, not_looked, incomplete } = gathered;
        let evidence = Evidence::new(observations, not_looked, background);
        let Judgement { mut verdict, .. } = judge(&evidence);
        if incomplete {
            verdict.summary = format!("{INCOMPLETE}{}", verdict.summary);
        }
        Report {
            schema: SCHEMA.to_owned(),
            tool: Tool { name: "why5003".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            started: rfc3339(started),
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            catalogue: CatalogueStamp {
                revision: self.catalogue.revision.clone(),
                source: self.source.clone(),
                sha256: self.catalogue.sha256.clone(),
            },
            vantage: vantage(&self.tools, &evidence),
            verdict,
            observations: evidence.observations().to_vec(),
        }
    }
}

fn standing(evidence: &Evidence) -> Standing {
    let Judgement { verdict, questions, names } = judge(evidence);
    let content = verdict.status == Status::Healthy;
    Standing { questions, content, names }
}

fn vantage(tools: &Tools, evidence: &Evidence) -> Vantage {
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut resolvers: Vec<SocketAddr> = Vec::new();
    let mut proxies: Vec<ProxySetting> = Vec::new();
    for fact in evidence.observations().iter().flat_map(|o| &o.facts) {
        match fact {
            Fact::Interface(interface) if !interface.addresses.is_empty() => interfaces.push(interface.clone()),
            Fact::Resolver(resolver) => resolvers.push(resolver.server),
            Fact::ProxySetting(proxy) => proxies.push(proxy.clone()),
            _ => {}
        }
    }
    Vantage {
        os: tools.system.name().to_owned(),
        privileged: tools.system.privileged(),
        interfaces,
        resolvers,
        proxies,
    }
}

/// The system's name as remedies and minimum versions use it.
pub(super) fn remedy_os(name: &str) -> &str {
    match name {
        "macos" | "windows" => name,
        _ => "linux",
    }
}

/// A time since 1970 as RFC 3339, UTC, to the second.
pub(super) fn rfc3339(since_1970: Duration) -> String {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
