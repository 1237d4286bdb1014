//! `why5003 demo`: the real diagnosis on an embedded look-alike of Zoom.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::bail;

use super::args::Demo;
use super::exit::Code;
use super::interrupts::Interrupts;
use super::output;
use super::progress::Progress;
use super::runtime::block_on;
use super::settings::{Format, Settings};
use crate::app::{demonstrate, is_as_expected};
use crate::demo::{FAULTS, Fault};
use crate::report::Report;

pub(super) fn run(settings: &Settings, demo: &Demo) -> anyhow::Result<Code> {
    if demo.list {
        output::result(&list())?;
        return Ok(Code::Healthy);
    }
    // A wish that has no effect here is refused, not passed over.
    for (flag, given) in [
        ("--catalogue", settings.catalogue.is_some()),
        ("--roots", settings.roots.is_some()),
        ("--source", settings.overrides.source.is_some()),
    ] {
        anyhow::ensure!(!given, "could not use {flag}: the demo has its own network");
    }
    if demo.all {
        return block_on(all(settings))?;
    }
    let Some(fault) = FAULTS.iter().find(|fault| fault.name == demo.fault) else {
        bail!("there is no fault {:?}; why5003 demo --list shows them", demo.fault);
    };
    let report = block_on(async {
        let mut interrupts = Interrupts::listen()?;
        output::note(
            settings,
            &format!("Demo on loopback, nothing leaves this computer. Fault: {} ({})", fault.name, fault.summary),
        );
        one(fault, settings, &mut interrupts, settings.quiet).await
    })??;
    output::report(&report, settings)?;
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
async fn one(fault: &Fault, settings: &Settings, interrupts: &mut Interrupts, quiet: bool) -> anyhow::Result<Report> {
    let mut progress = Progress::start(quiet);
    let show = &mut |event: crate::run::Event<'_>| progress.show(&event);
    let report = demonstrate(fault, &settings.diagnosis(), show, interrupts.next()).await;
    progress.end();
    report.map_err(|error| output::could_not(&error))
}

/// Every fault in turn, and whether the verdict was right.
async fn all(settings: &Settings) -> anyhow::Result<Code> {
    if settings.format != Format::Human {
        bail!("demo --all is a table for people; use --format json with one fault");
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["fault", "verdict", "causes", "time", ""]);
    let mut interrupts = Interrupts::listen()?;
    let mut wrong = 0;
    for fault in FAULTS {
        output::note(settings, &format!("{} …", fault.name));
        let report = one(fault, settings, &mut interrupts, true).await?;
        anyhow::ensure!(!interrupts.heard(), "interrupted at {}", fault.name);
        let right = is_as_expected(fault, &report);
        wrong += usize::from(!right);
        let causes: Vec<&str> = report.verdict.causes.iter().map(|cause| cause.id.as_str()).collect();
        table.add_row([
            fault.name.to_owned(),
            format!("{:?}", report.verdict.status).to_lowercase(),
            causes.join(" "),
            format!("{:.1} s", Duration::from_millis(report.duration_ms).as_secs_f64()),
            if right { "right" } else { "WRONG" }.to_owned(),
        ]);
    }
    output::result(&format!("{table}\n\n{} of {} right\n", FAULTS.len() - wrong, FAULTS.len()))?;
    Ok(if wrong == 0 { Code::Healthy } else { Code::Unknown })
}
