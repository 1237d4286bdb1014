//! The progress of a sweep: one line on standard error, and only where that is a terminal.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use why5003_probes::engines::Response;

use super::super::output;
use crate::app::SweepProgress;
use crate::run::SweepEvent;
use crate::sweep::TraceEvent;

/// The progress of a sweep.
pub(super) struct Bar {
    line: ProgressBar,
    found: u64,
    refused: u64,
    silent: u64,
    /// Of those that had answered and were asked again: how many, and how many of them were not heard.
    again: u64,
    lost: u64,
    /// How often the pace was halved.
    slowed: u32,
    /// What tracing does.
    stage: String,
    traced: u64,
    /// Targets of which the sweep proper told too little.
    to_trace: u64,
}

impl Bar {
    /// Begins to show progress, unless there is nobody to see it.
    pub(super) fn start(quiet: bool, targets: u64) -> Self {
        let hidden = quiet || !std::io::stderr().is_terminal();
        let line = if hidden { ProgressBar::hidden() } else { ProgressBar::new(targets) };
        let bar = if output::columns_of_notes() < ROOM_FOR_A_BAR { "" } else { "{bar:20} " };
        if let Ok(style) =
            ProgressStyle::with_template(&format!("{{spinner}} {bar}{{pos}}/{{len}} {{eta}} left  {{wide_msg}}"))
        {
            line.set_style(style);
        }
        line.enable_steady_tick(Duration::from_millis(200));
        Self {
            line,
            found: 0,
            refused: 0,
            silent: 0,
            again: 0,
            lost: 0,
            slowed: 0,
            stage: String::new(),
            traced: 0,
            to_trace: 0,
        }
    }

    /// Shows what happened.
    pub(super) fn show(&mut self, event: SweepProgress<'_>) {
        match event {
            SweepProgress::Probing(event) => self.show_probing(event),
            SweepProgress::TraceBegins { time, traced, of } => self.begin_tracing(time, traced, of),
            SweepProgress::Tracing(event) => self.show_tracing(event),
        }
    }

    fn show_probing(&mut self, event: &SweepEvent) {
        match *event {
            SweepEvent::Responded { response, attempt, .. } => {
                match response {
                    Response::Open | Response::Closed { .. } => self.found += 1,
                    Response::Prohibited { .. } | Response::Unreachable { .. } => self.refused += 1,
                    // It was counted when it was silent for the first time.
                    Response::Silent if attempt > 1 => {}
                    Response::Silent => self.silent += 1,
                }
                self.line.inc(1);
                if self.line.position().is_multiple_of(SHOWN_EACH) {
                    self.say_counts();
                }
            }
            SweepEvent::Round { attempt: 1, .. } => {}
            SweepEvent::Round { targets, .. } => self.line.inc_length(targets),
            SweepEvent::LivenessCheck(heard) => {
                self.again += 1;
                self.lost += u64::from(!heard);
                self.say_counts();
            }
            SweepEvent::BackedOff(_) => {
                self.slowed += 1;
                self.say_counts();
            }
        }
    }

    /// What matters most comes first: the rest may be cut off by the end of the line.
    fn say_counts(&self) {
        let slowed = if self.slowed > 0 { format!(" slowed {}x", self.slowed) } else { String::new() };
        // Where nobody answers there is nobody to lose.
        let lost = if self.again > 0 { format!(" {}/{} lost,", self.lost, self.again) } else { String::new() };
        self.line.set_message(format!(
            "{:.0}/s{slowed}, {} answered,{lost} {} refused, {} silent",
            self.line.per_sec(),
            self.found,
            self.refused,
            self.silent,
        ));
    }

    /// The sweep proper is done, and of so many targets, of which some are already, as many are traced as the time allows.
    fn begin_tracing(&mut self, time: Duration, already: u64, of: u64) {
        (self.traced, self.to_trace) = (already, of);
        let end = Instant::now() + time;
        let left = move |_: &ProgressState, text: &mut dyn std::fmt::Write| {
            // Writing to a line that goes away is no loss.
            let _ = write!(text, "{} s", end.saturating_duration_since(Instant::now()).as_secs());
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {left} left at most  {wide_msg}") {
            self.line.set_style(style.with_key("left", left));
        }
        self.say_traced();
    }

    /// Says what is done after the sweep proper.
    fn show_tracing(&mut self, event: &TraceEvent) {
        match event {
            TraceEvent::Stage(what, of) => self.stage = format!("{what} ({of})"),
            TraceEvent::Reached(..) => self.traced += 1,
            TraceEvent::Shared { .. } | TraceEvent::Unheard { .. } => {}
        }
        self.say_traced();
    }

    fn say_traced(&self) {
        self.line.set_message(format!("{} of {} traced: {}", self.traced, self.to_trace, self.stage));
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        self.line.finish_and_clear();
    }
}

/// A terminal shows no more in a second.
const SHOWN_EACH: u64 = 16;
/// Columns below which the numbers need all the room.
const ROOM_FOR_A_BAR: usize = 110;
