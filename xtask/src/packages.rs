//! What the tests and the bench need from Debian, in one table, installed when it is missing.

use crate::step;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// Who needs a package.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Test,
    Bench,
    Bare,
}

use For::{Bare, Bench, Test};

/// How a package shows that it is there.
enum Shows {
    Program(&'static str),
    /// A module that `python3` can import.
    Module(&'static str),
    /// An extension that `php` has.
    PhpModule(&'static str),
    /// A file.
    File(&'static str),
}

use Shows::{File, Module, PhpModule, Program};

#[rustfmt::skip]
const PACKAGES: &[(&str, Shows, &[For])] = &[
    ("gcc",               Program("cc"),           &[Test, Bench]),
    ("libc6-dev",         Program("cc"),           &[Test, Bench]),
    ("curl",              Program("curl"),         &[Test]),
    ("openssl",           Program("openssl"),      &[Test, Bench]),
    ("nginx",             Program("nginx"),        &[Test]),
    ("apache2",           Program("apache2"),      &[Test]),
    ("docker-registry",   Program("docker-registry"), &[Test]),
    ("chromium",          Program("chromium"),     &[Test]),
    ("nodejs",            Program("node"),         &[Test, Bench]),
    ("npm",               Program("npm"),          &[Test]),
    ("nghttp2-client",    Program("h2load"),       &[Test, Bench]),
    ("faketime",          Program("faketime"),     &[Test]),
    ("util-linux",        Program("prlimit"),      &[Test]),
    ("python3",           Program("python3"),      &[Test, Bench]),
    ("python3-venv",      Module("ensurepip"),     &[Test]),
    ("xmlsec1",           Program("xmlsec1"),      &[Test]),
    ("php-cli",           Program("php"),          &[Test]),
    ("php-xml",           PhpModule("dom"),        &[Test]),
    ("php-mbstring",      PhpModule("mbstring"),   &[Test]),
    ("simplesamlphp",     File("/usr/share/simplesamlphp/www/index.php"), &[Test]),
    ("wrk",               Program("wrk"),          &[Bench]),
    ("apache2-utils",     Program("htpasswd"),     &[Test, Bench]),
    ("goaccess",          Program("goaccess"),     &[Bench]),
    ("debootstrap",       Program("debootstrap"),  &[Bench, Bare]),
];

/// Installs what is missing of the packages that `purpose` needs; needs root, or sudo that asks for no password.
pub(crate) fn ensure(purpose: For) -> Result<()> {
    let missing: Vec<&str> =
        PACKAGES.iter().filter(|(_, shows, whose)| whose.contains(&purpose) && !present(shows)).map(|row| row.0).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("   installing {}", missing.join(" "));
    if !on_path("apt-get") {
        bail!("this is no Debian system; install what these packages hold: {}", missing.join(" "));
    }
    step::command(as_root("apt-get")?.args(["-q", "update"]))?;
    let mut install = as_root("env")?;
    install.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "install", "-y", "--no-install-recommends"]);
    step::command(install.args(&missing).stdout(Stdio::null()))
}

/// A command that runs as root: itself, or under sudo.
pub(crate) fn as_root(program: &str) -> Result<Command> {
    if step::output(Command::new("id").arg("-u"))?.trim() == "0" {
        return Ok(Command::new(program));
    }
    if !quietly(Command::new("sudo").args(["-n", "true"])) {
        bail!("`{program}` must run as root: run this as root, or with a sudo that asks for no password");
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", program]);
    Ok(sudo)
}

fn present(shows: &Shows) -> bool {
    match shows {
        Program(name) => on_path(name),
        Module(name) => quietly(Command::new("python3").args(["-c", &format!("import {name}")])),
        PhpModule(name) => quietly(Command::new("php").args(["-r", &format!("exit(extension_loaded('{name}') ? 0 : 1);")])),
        File(path) => Path::new(path).is_file(),
    }
}

/// Root's programs may live outside of a person's PATH.
fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).any(|folder| folder.join(program).is_file())
}

fn quietly(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
