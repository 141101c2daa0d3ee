//! Logs: read as they stream, whatever their size, and explained as a whole.

use super::input::LogInput;
use crate::failure::Failure;
use crate::output::Output;
use clap::Args;

/// LogOptions for logs.
#[derive(Args, Debug)]
pub(super) struct LogOptions {}

/// Is this the beginning of a log?
pub(super) fn is_log(_name: &str, _head: &[u8]) -> bool {
    false
}

/// Explains a log.
pub(super) fn run(log: LogInput, _options: &LogOptions, _output: &Output) -> Result<(), Failure> {
    let LogInput { name, path: _, length: _, reader: _ } = log;
    Err(Failure::error("input", format!("{name} is a log, and logs are not read yet")))
}
