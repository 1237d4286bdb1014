//! The `why5003` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    why5003::cli::main()
}
