//! Steps with a name and a time, and the commands that they run. It decides nothing.

use anyhow::{Context, Result, bail};
use std::process::Command;
use std::time::{Duration, Instant};

/// A row of steps that ends at the first that fails.
pub(crate) struct Steps {
    began: Instant,
    done: usize,
}

impl Steps {
    pub(crate) fn begin() -> Steps {
        Steps { began: Instant::now(), done: 0 }
    }

    /// Runs one step and prints its time; the error names the step.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("── {name}");
        let began = Instant::now();
        let outcome = work();
        println!("   {name}: {} in {}", if outcome.is_ok() { "ok" } else { "FAILED" }, seconds(began.elapsed()));
        self.done += 1;
        outcome.with_context(|| format!("step {} ({name}) failed after {}", self.done, seconds(self.began.elapsed())))
    }

    /// The last line of a run that went well.
    pub(crate) fn finish(self, what: &str) {
        println!("{what}: {} steps ok in {}", self.done, seconds(self.began.elapsed()));
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Runs a command whose output goes to the terminal; anything but success is an error.
pub(crate) fn command(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("the output is not UTF-8")
}

/// The cargo that runs this.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}
