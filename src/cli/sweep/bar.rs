//! The progress of a sweep: one line on standard error, and only where that is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use why5003_probes::engines::Response;

use super::super::args::Options;
use crate::run::{SettleEvent, SweepEvent};

/// The progress of a sweep.
pub(super) struct Bar {
    line: ProgressBar,
    found: u64,
    refused: u64,
    silent: u64,
}

impl Bar {
    /// Begins to show progress, unless there is nobody to see it.
    pub(super) fn start(options: &Options, targets: u64) -> Self {
        let hidden = options.quiet || !std::io::stderr().is_terminal();
        let bar = if hidden { ProgressBar::hidden() } else { ProgressBar::new(targets) };
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {wide_bar} {pos}/{len}  {per_sec}  {msg}  {eta} left")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { line: bar, found: 0, refused: 0, silent: 0 }
    }

    /// Shows what happened.
    pub(super) fn show(&mut self, event: &SweepEvent) {
        match event {
            SweepEvent::Settled { response, .. } => {
                match response {
                    Response::Open | Response::Closed { .. } => self.found += 1,
                    Response::Prohibited { .. } | Response::Unreachable { .. } => self.refused += 1,
                    Response::Silent => self.silent += 1,
                }
                self.line.inc(1);
                let seen = self.found + self.refused + self.silent;
                if seen.is_multiple_of(SHOWN_EACH) {
                    self.line.set_message(format!(
                        "{} answered, {} refused, {} silent",
                        self.found, self.refused, self.silent
                    ));
                }
            }
            SweepEvent::Pass { attempt: 1, .. } => {}
            SweepEvent::Pass { targets, .. } => self.line.inc_length(*targets),
            SweepEvent::BackedOff(rate) => {
                self.line.println(format!("too fast: going on at {rate:.0} packets a second"));
            }
        }
    }

    /// Says what is done after the sweep proper.
    pub(super) fn say(&self, event: &SettleEvent<'_>) {
        if let SettleEvent::Stage(what, of) = event {
            self.line.set_message(format!("{what} ({of})"));
        }
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        self.line.finish_and_clear();
    }
}

/// A terminal shows no more in a second.
const SHOWN_EACH: u64 = 16;
