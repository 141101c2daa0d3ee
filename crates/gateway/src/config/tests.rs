//! The configuration as a whole: faults and warnings as tables, what stands above what, the files made from the table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;
mod introspection;
mod laws;
mod made_files;
mod providers;
mod route;

use super::{Fault, Loaded, Overrides, Severity, Source, load, parse};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A rule for everybody, where a test is about something else.
const RULE: &str = "[[site.rule]]\npath = \"/**\"\nschemes = [\"basic\"]\n";

/// `line:column: message`, as tests write it.
fn brief(fault: &Fault) -> String {
    let place = fault.line.zip(fault.column).map_or_else(|| fault.file.clone(), |(line, column)| format!("{line}:{column}"));
    let word = if fault.severity == Severity::Warning { "warning: " } else { "" };
    format!("{place}: {word}{}", fault.message)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[track_caller]
fn loaded(text: &str) -> Loaded {
    parse("test.toml", text).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn every_example_loads_without_a_warning() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            // One of them has its secret in the environment.
            let asks = path.file_stem().is_some_and(|name| name == "introspection");
            let env = |name: &str| (asks && name == "COUNTERSIGN_ISSUER__0__INTROSPECTION__CLIENT_SECRET").then(|| "s".to_owned());
            let Loaded { warnings, .. } =
                load(&Source::File(path), &Overrides::default(), &env).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(warnings.iter().map(brief).collect::<Vec<_>>(), [""; 0]);
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen} examples");
}

#[test]
fn what_is_built_in_loads() {
    let Loaded { plan, warnings } = load(&Source::Default, &Overrides::default(), &|_| None).unwrap();
    assert_eq!(warnings, []);
    assert!(plan.sites[0].upstream.is_sample());
    assert_eq!(plan.server.listen.to_string(), "127.0.0.1:8401");
    assert_eq!(plan.sites[0].rules.len(), 3);
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let plan = loaded(&format!("[[site]]\nhost = \"Shop.Example:80\"\nupstream = \"http://app\"\n{RULE}")).plan;
    assert_eq!(plan.server.admin_listen.to_string(), "127.0.0.1:8402");
    assert_eq!(plan.server.shutdown_grace, Duration::from_secs(30));
    assert_eq!((plan.session.idle.as_secs(), plan.session.absolute.as_secs()), (1800, 43_200));
    assert_eq!((plan.limits.header, plan.limits.headers, plan.limits.body), (65_536, 100, None));
    assert_eq!(plan.sites[0].realm, "shop.example");
    assert!(plan.sites[0].preserve_host && !plan.sites[0].pass_credentials && !plan.sites[0].refuses_spoofed());
    assert_eq!(plan.sites[0].rules[0].line, 4);
}

#[test]
fn a_flag_stands_above_the_environment_above_the_file() {
    let path = root().join("examples/orders.toml");
    let env = |name: &str| match name {
        "COUNTERSIGN_SERVER__LISTEN" => Some("127.0.0.1:1".to_owned()),
        "COUNTERSIGN_SERVER__ADMIN_LISTEN" => Some("127.0.0.1:2".to_owned()),
        "COUNTERSIGN_SERVER__WORKERS" => Some("3".to_owned()),
        "COUNTERSIGN_SITE__0__RULE__2__ROLES" => Some("staff, admin".to_owned()),
        "COUNTERSIGN_SITE__0__REALM" => Some(String::new()),
        _ => None,
    };
    let overrides = Overrides { listen: Some("127.0.0.1:0".into()), upstream: Some("http://app:1".into()), ..Overrides::default() };
    let plain = load(&Source::File(path.clone()), &Overrides::default(), &|_| None).unwrap().plan;
    let plan = load(&Source::File(path.clone()), &overrides, &env).unwrap().plan;
    assert_eq!(plan.server.listen.to_string(), "127.0.0.1:0");
    assert_eq!(plan.server.admin_listen.to_string(), "127.0.0.1:2");
    assert_eq!(plan.server.workers, 3);
    assert_eq!(plan.server.data, path.parent().unwrap().join("state"));
    assert_eq!(plan.sites[0].upstream.authority, "app:1");
    assert_eq!(plan.sites[0].realm, "orders", "an empty variable sets nothing");
    assert_eq!(plan.sites[0].rules[2].requirement.roles, ["staff", "admin"]);
    assert!(plan.text.ends_with("# COUNTERSIGN_SITE__0__RULE__2__ROLES: site.rule.roles = \"staff, admin\"\n"), "{}", plan.text);
    assert_ne!(plan.revision, plain.revision);
    assert!(plan.text.starts_with(plain.text.trim_end()), "lines keep their numbers");
}

#[test]
fn data_directories() {
    let data = |pairs: &'static [(&str, &str)], flag: Option<&str>| {
        let env = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let overrides = Overrides { data: flag.map(str::to_owned), ..Overrides::default() };
        load(&Source::Default, &overrides, &env).unwrap().plan.server.data
    };
    assert_eq!(data(&[("HOME", "/home/a")], None), Path::new("/home/a/.local/state/countersign"));
    assert_eq!(data(&[("HOME", "/home/a"), ("XDG_STATE_HOME", "/s")], None), Path::new("/s/countersign"));
    assert_eq!(data(&[("XDG_STATE_HOME", "/s"), ("COUNTERSIGN_DATA", "here")], None), Path::new("here"));
    assert_eq!(data(&[("COUNTERSIGN_DATA", "here"), ("COUNTERSIGN_SERVER__DATA", "there")], None), Path::new("there"));
    assert_eq!(data(&[("COUNTERSIGN_SERVER__DATA", "there")], Some("flag")), Path::new("flag"));
}

#[test]
fn faults_name_the_flag_or_variable_they_come_from() {
    let two = format!("[[site]]\nhost = \"a\"\nupstream = \"sample\"\n{RULE}[[site]]\nhost = \"b\"\nupstream = \"sample\"\n{RULE}");
    let path = std::env::temp_dir().join(format!("countersign-two-sites-{}.toml", std::process::id()));
    std::fs::write(&path, two).unwrap();
    let overrides = Overrides { listen: Some("8401".into()), upstream: Some("http://app".into()), ..Overrides::default() };
    let env = |name: &str| (name == "COUNTERSIGN_SERVER__TLS__KEY").then(|| "missing.pem".to_owned());
    let faults = load(&Source::File(path.clone()), &overrides, &env).unwrap_err();
    std::fs::remove_file(&path).unwrap();
    let mut told: Vec<String> = faults.iter().map(brief).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "--listen: `listen` cannot be \"8401\": an address is an IP address with a port, such as `127.0.0.1:8401`",
            "--upstream: the file has 2 sites, so it is not clear whose upstream is meant",
            "COUNTERSIGN_SERVER__TLS__KEY: certificate and key are set together: `certificate` is missing",
            "COUNTERSIGN_SERVER__TLS__KEY: missing.pem cannot be read: No such file or directory (os error 2)",
        ]
    );
}

#[test]
fn a_missing_file_is_a_fault() {
    let faults = load(&Source::File("no/such.toml".into()), &Overrides::default(), &|_| None).unwrap_err();
    let shown = faults.to_string();
    assert!(shown.contains("no/such.toml") && shown.contains("No such file"), "{shown}");
}

#[test]
fn faults_are_rendered_with_place_snippet_and_mend() {
    let faults = parse("shop.toml", &format!("[server]\nlisen = \"x\"\n[[site]]\nupstream = \"sample\"\n{RULE}")).unwrap_err();
    let expect = "\
error: there is no key \"lisen\" in `[server]`
 --> shop.toml:2:1
  |
2 | lisen = \"x\"
  | ^^^^^
  |
  = help: did you mean `listen`?";
    assert_eq!(faults.to_string(), expect);
    assert!(faults.render(true).contains('\u{1b}'));
    let json = serde_json::to_string(&faults).unwrap();
    assert_eq!(
        json,
        r#"[{"severity":"fault","message":"there is no key \"lisen\" in `[server]`","file":"shop.toml","line":2,"column":1,"mend":"did you mean `listen`?"}]"#
    );
}
