//! The command `countersign`: arguments, exit codes, terminal output; nothing else. What it does is done by the crates
//! below.
//!
//! ```text
//! arguments ──► command/NAME ──► Output (standard output: data)
//!                      └───────► Failure (what is wrong, how to mend it, exit code)
//! ```

mod argument;
mod command;
mod failure;
mod output;
mod place;

use clap::Parser;
use command::Arguments;
use failure::Failure;
use output::Output;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Arguments { json, command } = Arguments::parse();
    let output = Output::new(json || command.as_json());
    match command.run(&output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(failure @ Failure::Printed(_)) => failure.exit(),
        Err(failure) => output.fail(&failure),
    }
}
