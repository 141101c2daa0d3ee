//! `cargo xtask fuzz`: every fuzz target for a while, one after the other. The first input that breaks a law ends it; it is
//! in `fuzz/artifacts` then. See `fuzz/README.md` for what has to be installed.

use crate::step::{Steps, cargo, command};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// How long each target runs where nothing else is asked for.
const SECONDS: u32 = 120;

/// Runs them all for as many seconds each as `--seconds` says.
pub(crate) fn run(root: &Path, options: &[String]) -> Result<()> {
    let seconds = match options {
        [] => SECONDS,
        [name, seconds] if name == "--seconds" => seconds.parse().context("--seconds needs a number")?,
        _ => bail!("`fuzz` knows only --seconds N"),
    };
    let mut steps = Steps::begin();
    for target in targets(root)? {
        steps.step(&target, || fuzz(root, &target, seconds))?;
    }
    steps.finish("fuzz");
    Ok(())
}

/// The targets' names.
fn targets(root: &Path) -> Result<Vec<String>> {
    let files = fs::read_dir(root.join("fuzz/fuzz_targets")).context("fuzz/fuzz_targets")?;
    let names: Result<Vec<_>, _> = files.map(|file| file.map(|file| file.path())).collect();
    let mut names: Vec<_> = names?.iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

fn fuzz(root: &Path, target: &str, seconds: u32) -> Result<()> {
    let limits = [&format!("-max_total_time={seconds}"), "-max_len=8192", "-timeout=5", "-rss_limit_mb=1024", "-dict=fuzz/words.dict"];
    // The pinned toolchain is a stable one, and sanitizers are not.
    command(cargo(&["fuzz", "run", target, "--"]).args(limits).env("RUSTC_BOOTSTRAP", "1").current_dir(root))
}
