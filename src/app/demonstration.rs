//! The real diagnosis on the embedded look-alike of Zoom, which lives on loopback.

use std::future::Future;
use std::sync::Arc;

use why5003_probes::net::{Network, Sockets};

use super::{Diagnosis, DiagnosisSettings, LoadedCatalogue, diagnose};
use crate::catalogue::{Catalogue, CatalogueError};
use crate::demo::{self, DemoError, Fault};
use crate::report::Report;
use crate::run::{Event, Tools};

/// The look-alike could not be diagnosed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemonstrationError {
    /// It could not be started.
    #[error("start the demo")]
    Start(#[from] DemoError),
    /// Its own catalogue could not be read.
    #[error("read the demo's catalogue")]
    Catalogue(#[from] CatalogueError),
}

/// Starts the look-alike with a fault, and diagnoses it; no packet leaves this computer.
///
/// # Errors [`DemonstrationError::Start`] when loopback has no room for it or the system refuses sockets. An error
/// [`DemonstrationError::Catalogue`] is a bug: its catalogue does not parse.
pub async fn demonstrate(
    fault: &Fault,
    settings: &DiagnosisSettings,
    events: &mut dyn FnMut(Event<'_>),
    stop: impl Future<Output = ()>,
) -> Result<Report, DemonstrationError> {
    let sockets: Arc<dyn Network> = Arc::new(Sockets::new());
    let world = demo::start(fault, sockets).await?;
    let catalogue = Arc::new(Catalogue::parse(&world.catalogue, "demo catalogue")?);
    let diagnosis = Diagnosis {
        settings: settings.clone(),
        tools: Tools {
            network: Arc::clone(&world.network),
            clock: Arc::new(world.clock),
            system: Arc::new(world.system.clone()),
            trust: Arc::new(world.trust.clone()),
        },
        catalogue: LoadedCatalogue { catalogue, source: format!("demo: {}", fault.name) },
    };
    Ok(diagnose(&diagnosis, events, stop).await)
}

/// Whether a report says what the fault's record expects: status, first cause, and exactly the others.
pub fn is_as_expected(fault: &Fault, report: &Report) -> bool {
    let mut found = report.verdict.causes.iter().map(|cause| cause.id.as_str());
    let first = found.next();
    let mut others: Vec<&str> = found.collect();
    let mut expected = fault.others.to_vec();
    others.sort_unstable();
    expected.sort_unstable();
    report.verdict.status == fault.status && first == fault.cause && others == expected
}
