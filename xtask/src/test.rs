//! `cargo xtask test`: everything that must hold before a change is taken, in order of cost. It stops at the first fault.

use crate::packages::{self, For};
use crate::step::{self, Steps, cargo};
use crate::tidy;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// The end-to-end suites: they talk over sockets to the binary, which is built before them.
const SUITES: &str = "countersign-suites";

pub(crate) fn run(root: &Path) -> Result<()> {
    let suites = root.join("suites");
    let mut steps = Steps::begin();
    steps.step("packages", || packages::ensure(For::Test))?;
    if suites.join("package.json").is_file() {
        steps.step("npm packages", || step::command(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&suites)))?;
    }
    let mut step = |name: &str, args: &[&str]| steps.step(name, || step::command(cargo(args).current_dir(root)));
    step("format", &["fmt", "--all", "--check"])?;
    step("lints", &["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"])?;
    step("unit and documentation tests", &["test", "--workspace", "--exclude", SUITES, "--locked", "--quiet"])?;
    step("binary", &["build", "--locked", "--quiet", "--package", "countersign-cli"])?;
    if suites.join("Cargo.toml").is_file() {
        step("end-to-end suites", &["test", "--package", SUITES, "--locked"])?;
    }
    steps.step("tidy", || tidy::run(root))?;
    steps.finish("test");
    Ok(())
}
