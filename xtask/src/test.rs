//! `cargo xtask test`: everything that must hold before a change is taken, in order of cost. It stops at the first fault.

use crate::packages::{self, For};
use crate::step::{self, Steps, cargo};
use crate::tidy;
use anyhow::Result;
use std::fs;
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
    steps.step("python packages", || python_packages(root, &suites))?;
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

/// The servers in Python have an environment of their own, made anew when what they need changes.
fn python_packages(root: &Path, suites: &Path) -> Result<()> {
    let wanted = fs::read_to_string(suites.join("requirements.txt"))?;
    let environment = root.join("target/suites/python");
    let installed = environment.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    step::command(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let pip = environment.join("bin/pip");
    step::command(
        Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(suites.join("requirements.txt")),
    )?;
    fs::write(installed, wanted)?;
    Ok(())
}
