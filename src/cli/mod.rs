//! The command line: the only layer that sees arguments, files, environment, terminal and exit codes.

mod args;
mod catalogue;
mod demo;
mod diagnose;
mod exit;
mod explain;
mod generate;
mod given;
mod interrupts;
mod output;
mod probe;
mod progress;
mod replay;
mod rules;
mod session;
mod sweep;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
pub use exit::Code;

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
    match command.unwrap_or(Command::Diagnose) {
        Command::Diagnose => diagnose::run(&options),
        Command::Sweep(sweep) => sweep::run(&options, &sweep),
        Command::Probe(probe) => probe::run(&options, &probe),
        Command::Demo(demo) => demo::run(&options, &demo),
        Command::Replay(replay) => replay::run(&options, &replay),
        Command::Catalogue(catalogue) => catalogue::run(&options, &catalogue),
        Command::Explain(explain) => explain::run(&options, &explain),
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
