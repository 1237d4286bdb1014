//! The command line: the only layer that sees arguments, files, environment, terminal and exit codes.

mod args;
mod catalogue;
mod demo;
mod diagnose;
mod exit;
mod explain;
mod files;
mod generate;
mod interrupts;
mod output;
mod probe;
mod progress;
mod replay;
mod rules;
mod runtime;
mod settings;
mod sweep;
mod tools;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
pub use exit::Code;
use settings::Settings;

/// Runs the program on the process's own arguments.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    match run(args) {
        Ok(code) => code.into(),
        Err(error) => {
            output::complain(&error);
            Code::Unknown.into()
        }
    }
}

fn run(args: Args) -> anyhow::Result<Code> {
    let Args { command, options } = args;
    let settings = Settings::from(options);
    match command.unwrap_or(Command::Diagnose) {
        Command::Diagnose => diagnose::run(&settings),
        Command::Sweep(sweep) => sweep::run(&settings, sweep),
        Command::Probe(probe) => probe::run(&settings, &probe),
        Command::Demo(demo) => demo::run(&settings, &demo),
        Command::Replay(replay) => replay::run(&settings, &replay),
        Command::Catalogue(catalogue) => catalogue::run(&settings, &catalogue),
        Command::Explain(explain) => explain::run(&settings, &explain),
        Command::Schema(schema) => generate::schema(&schema),
        Command::Completions(completions) => generate::completions(&completions),
        Command::Man => generate::man(),
    }
}

/// Wrong usage is exit code 3 here, since 2 says that Zoom is blocked; help and version are no errors.
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        output::complain_of_usage(error);
        return Code::Unknown.into();
    }
    // Nothing can be done about a terminal that does not take the text.
    let _unwritten = error.print();
    Code::Healthy.into()
}
