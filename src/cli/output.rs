//! Standard output carries the result and nothing else; what is said beside it goes to standard error.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::args::{Format, Options};
use crate::report::{self, Report, Style};

/// Writes the result.
///
/// # Errors
/// When standard output does not take it; a reader that went away is told by [`is_broken_pipe`].
pub(super) fn result(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Writes a report in the format that was asked for.
///
/// # Errors
/// As [`result`].
pub(super) fn report(report: &Report, options: &Options) -> anyhow::Result<()> {
    result(&match options.format {
        Format::Human => report::human(report, style(options)),
        Format::Json => report::json(report),
        Format::Markdown => report::markdown(report),
    })
}

/// How text for people may look on standard output.
pub(super) fn style(options: &Options) -> Style {
    let colour = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    Style { width: width(), colour, verbose: options.verbose }
}

/// Columns of text: the terminal's, 120 at most for the eye's sake; 80 where there is none.
fn width() -> usize {
    if !io::stdout().is_terminal() {
        return 80;
    }
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0).clamp(40, 120))
}

/// Says something beside the result, unless the user wants silence.
pub(super) fn note(options: &Options, text: &str) {
    if !options.quiet {
        let _unwritten = writeln!(io::stderr(), "{text}");
    }
}

/// Says what went wrong, in one line.
pub(super) fn complain(error: &anyhow::Error) {
    let _unwritten = writeln!(io::stderr(), "why5003: {error:#}");
}

/// Whether the reader of standard output went away, which is no error.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
