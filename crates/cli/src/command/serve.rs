//! `countersign serve`: runs the gateway, and tells a newcomer what to try.

use crate::failure::Failure;
use crate::output::Output;
use crate::place::{absolute, program};
use clap::Args;
use countersign_doctor::Program;
use countersign_gateway::config::{Overrides, Source};
use countersign_gateway::{Options, Ready, run};
use serde::Serialize;
use std::fmt::Write;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Options of `serve`.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The configuration file [default: what is built in, with a sample app]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8401]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where health, readiness and metrics listen [default: 127.0.0.1:8402]
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<String>,
    /// The app behind the gateway
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The data directory, made if there is none [default: $COUNTERSIGN_DATA, else ~/.local/state/countersign]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
}

/// The one line on standard output under `--json`.
#[derive(Serialize)]
struct Event {
    event: &'static str,
    listen: String,
    admin: String,
}

impl Serve {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        log(output.is_json());
        let Serve { config, listen, admin_listen, upstream, data } = self;
        let built_in = config.is_none() && upstream.is_none();
        let elsewhere = config.is_some() || data.is_some();
        let source = config.map_or(Source::Default, Source::File);
        let options = Options { source, overrides: Overrides { listen, admin_listen, upstream, data } };
        run(&options, |ready| {
            let told = if output.is_json() {
                output.json(&Event { event: "ready", listen: ready.listen.to_string(), admin: ready.admin.to_string() })
            } else {
                output.text(&welcome(&ready, built_in, elsewhere))
            };
            if let Err(failure) = told {
                tracing::warn!("{}", failure.render(false));
            }
        })?;
        Ok(())
    }
}

/// Logs go to standard error: as text for people, as JSON for programs.
fn log(json: bool) {
    let base = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(tracing::Level::INFO);
    if json {
        base.json().init();
    } else {
        base.with_ansi(false).with_target(false).init();
    }
}

/// The address, the first password, and lines to copy.
fn welcome(ready: &Ready, built_in: bool, elsewhere: bool) -> String {
    let scheme = if ready.secure { "https" } else { "http" };
    let base = format!("{scheme}://{}", reachable(ready.listen));
    let data = absolute(&ready.data);
    let name = program();
    let program = Program { name: &name, data: elsewhere.then_some(data.as_str()) };
    let mut text = format!("Countersign serves {base} (health and metrics: http://{}), its data is in {data}.\n", ready.admin);
    let mut line = |line: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{line}");
    };
    if let Some((account, password)) = &ready.first_account {
        line(format!("\nThe first account, shown this once:\n\n    name      {account}\n    password  {}", password.expose()));
        line(format!("\nAdmitted:\n\n    curl -u {account}:{} {base}/api/orders", password.expose()));
    } else if built_in {
        line(format!("\nAdmitted:\n\n    curl {base}/public/"));
    }
    line(format!("\nRefused, with a reference:\n\n    curl -i {base}/api/orders"));
    line(format!("\nWhy? Paste the reference, or let the answer be read:\n\n    {} cs1_…", program.command(&["explain"])));
    line(format!("    curl -si {base}/api/orders | {}", program.command(&["explain", "-"])));
    text
}

/// An address that a client on this machine can use.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign::Secret;

    fn ready(listen: &str, first: bool) -> Ready {
        let first_account = first.then(|| ("admin".to_owned(), Secret::new("0123abcd")));
        let (listen, admin) = (listen.parse().unwrap(), "127.0.0.1:8402".parse().unwrap());
        Ready { listen, admin, secure: false, data: "/srv/state".into(), first_account }
    }

    #[test]
    fn a_newcomer_gets_lines_to_copy() {
        let text = welcome(&ready("127.0.0.1:8401", true), true, false);
        for expected in
            ["curl -u admin:0123abcd http://127.0.0.1:8401/api/orders", "curl -i http://127.0.0.1:8401/api/orders", "explain cs1_"]
        {
            assert!(text.contains(expected), "no {expected:?} in\n{text}");
        }
        assert!(!text.contains("--data"), "{text}");
    }

    #[test]
    fn a_second_start_tells_no_password_and_names_its_data() {
        let text = welcome(&ready("0.0.0.0:80", false), true, true);
        assert!(!text.contains("password") && text.contains("--data /srv/state") && text.contains("http://127.0.0.1:80/public/"), "{text}");
        assert!(welcome(&ready("[::]:80", false), false, true).contains("http://[::1]:80/api"));
    }

    #[test]
    fn programs_get_one_line() {
        let event = Event { event: "ready", listen: "127.0.0.1:1".into(), admin: "127.0.0.1:2".into() };
        assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"event":"ready","listen":"127.0.0.1:1","admin":"127.0.0.1:2"}"#);
    }
}
