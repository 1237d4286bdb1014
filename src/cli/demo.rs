//! `why5003 demo`: the real diagnosis on an embedded look-alike of Zoom.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context, bail};
use why5003_probes::net::{Network, Sockets};
use why5003_probes::os::System;

use super::args::{Demo, Format, Options};
use super::exit::Code;
use super::interrupts::Interrupts;
use super::session::{Session, block_on};
use super::{given, output};
use crate::catalogue::Catalogue;
use crate::demo::{self, FAULTS, Fault};
use crate::report::Report;
use crate::run::Tools;

pub(super) fn run(options: &Options, demo: &Demo) -> anyhow::Result<Code> {
    if demo.list {
        output::result(&list())?;
        return Ok(Code::Healthy);
    }
    // A wish that has no effect here is refused, not passed over.
    for (flag, given) in [
        ("--catalogue", options.catalogue.is_some()),
        ("--roots", options.roots.is_some()),
        ("--source", options.source.is_some()),
    ] {
        anyhow::ensure!(!given, "could not heed {flag}: the demo brings its own world");
    }
    if demo.all {
        return block_on(all(options))?;
    }
    let Some(fault) = FAULTS.iter().find(|fault| fault.name == demo.fault) else {
        bail!("there is no fault {:?}; why5003 demo --list shows them", demo.fault);
    };
    let report = block_on(async {
        let mut interrupts = Interrupts::listen()?;
        output::note(
            options,
            &format!("Demo on loopback, nothing leaves this computer. Fault: {} ({})", fault.name, fault.summary),
        );
        one(fault, options, &mut interrupts).await
    })??;
    output::report(&report, options)?;
    Ok(report.verdict.status.into())
}

fn list() -> String {
    let mut text = String::new();
    for fault in FAULTS {
        let _ = writeln!(text, "{:<26}{}", fault.name, fault.summary);
    }
    text
}

/// The diagnosis of a world with this fault.
async fn one(fault: &Fault, options: &Options, interrupts: &mut Interrupts) -> anyhow::Result<Report> {
    let sockets: Arc<dyn Network> = Arc::new(Sockets::new());
    let world = demo::start(fault, sockets).await.context("could not start the demo")?;
    let catalogue =
        Catalogue::parse(&world.catalogue, "demo catalogue").context("could not read the demo's catalogue")?;
    let system: Arc<dyn System> = Arc::new(world.system);
    let tools = Tools {
        network: Arc::clone(&world.network),
        clock: Arc::new(world.clock),
        system: given::system(system, options),
        trust: Arc::new(world.trust),
    };
    let session = Session { tools, catalogue: Arc::new(catalogue), source: format!("demo: {}", fault.name) };
    Ok(session.diagnose(options, interrupts).await)
}

/// Every fault in turn, and whether the verdict was right.
async fn all(options: &Options) -> anyhow::Result<Code> {
    if options.format != Format::Human {
        bail!("demo --all is a table for people; use --format json with one fault");
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["fault", "verdict", "causes", "time", ""]);
    let quiet = Options { quiet: true, ..options.clone() };
    let mut interrupts = Interrupts::listen()?;
    let mut wrong = 0;
    for fault in FAULTS {
        output::note(options, &format!("{} …", fault.name));
        let report = one(fault, &quiet, &mut interrupts).await?;
        anyhow::ensure!(!interrupts.heard(), "interrupted at {}", fault.name);
        let right = is_right(fault, &report);
        wrong += usize::from(!right);
        let causes: Vec<&str> = report.verdict.causes.iter().map(|cause| cause.id.as_str()).collect();
        table.add_row([
            fault.name.to_owned(),
            format!("{:?}", report.verdict.status).to_lowercase(),
            causes.join(" "),
            format!("{:.1} s", std::time::Duration::from_millis(report.duration_ms).as_secs_f64()),
            if right { "right" } else { "WRONG" }.to_owned(),
        ]);
    }
    output::result(&format!("{table}\n\n{} of {} right\n", FAULTS.len() - wrong, FAULTS.len()))?;
    Ok(if wrong == 0 { Code::Healthy } else { Code::Unknown })
}

/// Whether a report says what the fault's record expects: status, first cause, and exactly the others.
fn is_right(fault: &Fault, report: &Report) -> bool {
    let mut found = report.verdict.causes.iter().map(|cause| cause.id.as_str());
    let first = found.next();
    let mut others: Vec<&str> = found.collect();
    let mut expected = fault.others.to_vec();
    others.sort_unstable();
    expected.sort_unstable();
    report.verdict.status == fault.status && first == fault.cause && others == expected
}
