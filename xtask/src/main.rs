//! The project's own commands, run as `cargo xtask NAME`. Nothing here is part of the product.
//!
//! ```text
//! test   everything that must hold before a change is taken
//! tidy   the laws of the house: floors, causes, files, links
//! bench  the gateway's speed and memory against its peers
//! corpus how well the doctor does on recorded refusals
//! fuzz   every fuzz target for a while
//! bare   the release build in a root that has nothing but a C compiler
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a terminal is all the output these commands have")]

mod bare;
mod bench;
mod corpus;
mod fuzz;
mod packages;
mod step;
mod test;
mod tidy;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask test             formatter, lints, tests, end-to-end suites, tidy
       cargo xtask tidy             the laws of the house alone
       cargo xtask bench [OPTIONS]  speed and memory against peers; --quick, --only REGEX, see bench/README.md
       cargo xtask corpus [--cases] the doctor on recorded refusals
       cargo xtask fuzz [--seconds N] every fuzz target, each for so long
       cargo xtask bare             the release build in a minimal Debian root";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("xtask: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let root = root()?;
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    if !rest.is_empty() && !["bench", "corpus", "fuzz"].contains(&command.as_str()) {
        bail!("`{command}` takes no arguments\n{USAGE}");
    }
    match command.as_str() {
        "test" => test::run(&root),
        "tidy" => tidy::run(&root),
        "bench" => bench::run(&root, &rest),
        "corpus" => corpus::run(&root, &rest),
        "fuzz" => fuzz::run(&root, &rest),
        "bare" => bare::run(&root),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("no command `{other}`\n{USAGE}"),
    }
}

/// The workspace's folder: the parent of this package's.
fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
    Ok(root.to_path_buf())
}
