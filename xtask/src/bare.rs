//! `cargo xtask bare`: the release build in a Debian root that has gcc, the C library's headers and nothing else.
//!
//! A build here finds whatever happens to be installed: cmake, pkg-config, a system OpenSSL or SQLite. A newcomer's machine
//! may have none of them, and only a root without them shows that one is needed. It is too slow for every run of CI
//! (some minutes of CPU); run it when a dependency changes and before a release.
//!
//! The binary that was built then serves there once, until it says that it accepts connections: what it needs only when
//! it runs (libraries, certificates, time zones) shows too.
//!
//! The root lies in `target/bare/root` and is kept. Toolchain, crates and sources are mounted into it in a mount
//! namespace of their own, so that nothing stays mounted; cargo runs offline, after a `cargo fetch` outside. Needs root.

use crate::packages::{self, For};
use crate::step::{self, Steps, cargo};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const RELEASE: &str = "bookworm";

/// `$1` root, `$2` toolchain, `$3` cargo's home, `$4` sources. A root that holds more than it should proves nothing.
const BUILD: &str = r#"set -eu
mkdir -p "$1/rust" "$1/cargo" "$1/src" "$1/build"
mount --bind -o ro "$2" "$1/rust"
mount --bind "$3" "$1/cargo"
mount --bind -o ro "$4" "$1/src"
mount -t proc proc "$1/proc"
exec chroot "$1" env -i PATH=/rust/bin:/usr/bin:/bin HOME=/root CARGO_HOME=/cargo CARGO_TARGET_DIR=/build sh -euc '
  for tool in c++ cmake make ninja pkg-config python3 go clang curl; do
    if command -v "$tool"; then echo "the root has $tool: remove it, and the root is made anew" >&2; exit 1; fi
  done
  cd /src
  cargo build --release --locked --offline
  state=$(mktemp -d)
  /build/release/countersign serve --data "$state" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --json >"$state/said" &
  until grep ready "$state/said"; do kill -0 $!; sleep 1; done
  kill $!
  wait $!
  rm -r "$state"'
"#;

pub(crate) fn run(root: &Path) -> Result<()> {
    let bare = root.join("target/bare/root");
    let toolchain = PathBuf::from(step::output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(root))?.trim());
    let mut steps = Steps::begin();
    steps.step("packages", || packages::ensure(For::Bare))?;
    steps.step("root", || make_root(&bare))?;
    steps.step("crates", || step::command(cargo(&["fetch", "--locked"]).current_dir(root)))?;
    steps.step("build", || {
        let mut unshare = packages::as_root("unshare")?;
        unshare.args(["--mount", "sh", "-c", BUILD, "bare"]).arg(&bare).arg(&toolchain).arg(cargo_home()?).arg(root);
        step::command(&mut unshare)
    })?;
    steps.finish("bare");
    Ok(())
}

fn make_root(bare: &Path) -> Result<()> {
    if bare.join("usr/bin/gcc").exists() {
        return Ok(());
    }
    fs::create_dir_all(bare)?;
    let mut debootstrap = packages::as_root("debootstrap")?;
    debootstrap.args(["--variant=minbase", "--include=gcc,libc6-dev", RELEASE]);
    step::command(debootstrap.arg(bare))
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    Ok(PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cargo"))
}
