//! What is running while it runs: one line on standard error, and only where that is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::run::Event;

/// The progress of a diagnosis.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins to show progress, unless there is nobody to see it.
    pub(super) fn start(quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} looks  {elapsed}  {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// Shows what happened.
    pub(super) fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Planned(_, probe) => {
                self.bar.inc_length(1);
                self.bar.set_message(format!("{} {}", probe.kind, probe.target));
            }
            Event::Seen(seen) => {
                self.bar.inc(1);
                self.bar.set_message(format!("{} {}", seen.probe.kind, seen.probe.target));
            }
            Event::NotProbed(_) => self.bar.inc(1),
            Event::Asked(_) => self.bar.set_message("looking closer"),
        }
    }

    /// Takes the line away.
    pub(super) fn end(&mut self) {
        self.bar.finish_and_clear();
    }
}
