//! `cargo xtask bench`: the binary as it is shipped, measured against its peers in one run. What is run and how a table
//! is read stands in `bench/README.md`; this only brings together what the harness needs.
//!
//! Peers come from Debian 13, whichever system runs the bench: they are installed into a root of their own under
//! `target/bench` and run by that root's loader, so that figures of two machines speak of the same programs.

use crate::packages::{self, For};
use crate::step::{self, Steps, cargo};
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::process::Command;

const RELEASE: &str = "trixie";
const PEERS: &[&str] = &["nginx", "haproxy"];

/// Runs the suite, and the logs unless `--only` names some of its cases; `options` go to `bench/bench.py` as they are.
pub(crate) fn run(root: &Path, options: &[String]) -> Result<()> {
    let cache = root.join("target/bench");
    let peers = cache.join("deb13");
    let binary = root.join("target/dist/countersign");
    fs::create_dir_all(&cache)?;
    let mut steps = Steps::begin();
    steps.step("packages", || packages::ensure(For::Bench))?;
    steps.step("peers", || install_peers(&peers))?;
    steps.step("binary, dist profile", || {
        step::command(cargo(&["build", "--locked", "--profile", "dist", "--package", "countersign-cli"]).current_dir(root))
    })?;
    steps.step("bench", || {
        let mut bench = Command::new("python3");
        bench.arg(root.join("bench/bench.py")).arg(root.join("bench/suites/countersign.json"));
        bench.arg("--cache").arg(&cache).arg("--out").arg(cache.join("countersign.json"));
        bench.arg("--set").arg(format!("DEB13={}", peers.display()));
        bench.arg("--set").arg(format!("COUNTERSIGN={}", binary.display()));
        step::command(bench.args(options))
    })?;
    if options.iter().any(|option| option.starts_with("--only")) {
        steps.finish("bench");
        return Ok(());
    }
    steps.step("logs", || {
        let mut logs = Command::new("python3");
        logs.arg(root.join("bench/logs.py"))
            .arg(&binary)
            .arg("--all")
            .arg("--folder")
            .arg(&cache)
            .arg("--out")
            .arg(cache.join("logs.json"));
        if options.iter().any(|option| option == "--quick") {
            logs.args(["--size", "100", "--rounds", "1"]);
        }
        step::command(&mut logs)
    })?;
    steps.finish("bench");
    Ok(())
}

/// A minimal Debian root with the peers in it; made once.
fn install_peers(peers: &Path) -> Result<()> {
    if PEERS.iter().all(|peer| peers.join("usr/sbin").join(peer).is_file()) {
        return Ok(());
    }
    if !peers.join("etc/debian_version").is_file() {
        step::command(packages::as_root("debootstrap")?.args(["--variant=minbase", RELEASE]).arg(peers))?;
    }
    // Nothing may start a server in there: the bench does.
    let refuse = "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d";
    let install = format!("{refuse} && apt-get -q update && apt-get -q install -y --no-install-recommends {}", PEERS.join(" "));
    let mut chroot = packages::as_root("chroot")?;
    step::command(chroot.arg(peers).args(["env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", &install]))
}
