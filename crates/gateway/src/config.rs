//! The configuration: one TOML file, what the environment and flags set above it, checked as a whole.
//!
//! ```text
//! file ────────┐
//! environment ─┼─► file (as written) ──► check ──► plan (as run)
//! flags ───────┘                          └──► faults, all of them, each with its place and its mend
//! ```

pub(crate) mod authorities;
mod check;
mod fault;
mod fields;
mod file;
mod host;
mod keys;
mod near;
mod path;
mod plan;
mod read;
mod reference;
mod schema;
#[cfg(test)]
mod tests;
mod units;

pub use fault::{Fault, Faults, Severity};
pub use host::HostPattern;
pub use path::PathPattern;
pub use plan::{
    Binding, Cors, Limits, Log, LogDecisions, Plan, Profile, Protocol, Provider, Rule, SamlParty, Server, SessionLimits, Site,
    SpoofedHeaders, Tls, Upstream, UpstreamScheme,
};
pub use reference::reference;
pub use schema::schema;

use aws_lc_rs::digest::{SHA256, digest};
use check::{World, check};
use countersign::Secret;
use read::{Flag, Place, Reader};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::DeTable;
use zeroize::Zeroizing;

/// What runs without a file.
const DEFAULT: &str = include_str!("config/default.toml");
/// The largest file that is read, in bytes.
const FILE_LIMIT: u64 = 1 << 20;

/// Where the configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What is built in: the sample app, on the loopback interface.
    Default,
    /// A file.
    File(PathBuf),
}

/// What the command line sets above file and environment, as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<String>,
    /// `--admin-listen`
    pub admin_listen: Option<String>,
    /// `--upstream`, for a file with one site.
    pub upstream: Option<String>,
    /// `--data`, relative to the working directory.
    pub data: Option<String>,
}

/// A configuration that can be run, and what its author may want to know.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// What is suspect in it.
    pub warnings: Vec<Fault>,
}

/// Reads and checks a configuration; a flag stands above `COUNTERSIGN_SECTION__KEY`, that above the file.
///
/// # Errors
/// All faults that were found.
pub fn load(source: &Source, overrides: &Overrides, env: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, Faults> {
    let (file, text) = match source {
        Source::Default => ("(built in)".to_owned(), DEFAULT.to_owned()),
        Source::File(path) => (path.display().to_string(), read_file(path)?),
    };
    let base = match source {
        Source::Default => Path::new(""),
        Source::File(path) => path.parent().unwrap_or(Path::new("")),
    };
    let unreadable = |path: &Path| File::open(path).err().map(|error| error.to_string());
    let no_authorities = |path: &Path| authorities::read(path).err();
    let world = World {
        base,
        data: default_data(env),
        unreadable: &unreadable,
        secret: &read_secret,
        no_authorities: &no_authorities,
        document: Some(&read_document),
    };
    plan(&file, &text, overrides, env, &world)
}

/// Reads and checks a text without looking at the world: no environment, and the files that it names are taken to be there.
///
/// # Errors
/// All faults that were found.
///
/// ```
/// use countersign_gateway::config;
///
/// let text = "[[site]]\nupstream = \"http://127.0.0.1:3000\"\n[[site.rule]]\npath = \"/**\"\nscheme = [\"basic\"]\n";
/// let faults = config::parse("shop.toml", text).unwrap_err();
/// let shown = faults.to_string();
/// assert!(shown.contains("shop.toml:5:1") && shown.contains("did you mean `schemes`?"), "{shown}");
/// ```
pub fn parse(file: &str, text: &str) -> Result<Loaded, Faults> {
    let secret = |_: &Path| Ok(Secret::new("unread"));
    let world = World {
        base: Path::new(""),
        data: PathBuf::from("state"),
        unreadable: &|_| None,
        secret: &secret,
        no_authorities: &|_| None,
        document: None,
    };
    plan(file, text, &Overrides::default(), &|_| None, &world)
}

/// The data directory where none is configured: `$COUNTERSIGN_DATA`, else the state directory of whoever runs it.
pub fn default_data(env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = || set("XDG_STATE_HOME").filter(|path| path.is_absolute()).or_else(|| set("HOME").map(|home| home.join(".local/state")));
    set("COUNTERSIGN_DATA").or_else(|| state().map(|state| state.join("countersign"))).unwrap_or_else(|| "countersign-data".into())
}

fn plan(name: &str, text: &str, overrides: &Overrides, env: &dyn Fn(&str) -> Option<String>, world: &World<'_>) -> Result<Loaded, Faults> {
    let mut reader = Reader::new(name, text, env);
    let (table, errors) = DeTable::parse_recoverable(text);
    reader.flags = overrides.flags(&reader, table.get_ref());
    let written = file::File::read(&reader, table.get_ref());
    if !errors.is_empty() {
        return Err(broken(&reader, &errors));
    }
    let mut plan = check(&reader, &written, world);
    let mut faults = reader.faults.take();
    faults.sort_by_key(|fault| (fault.line, fault.column));
    if faults.iter().any(|fault| fault.severity == Severity::Fault) {
        return Err(Faults::new(faults));
    }
    let set = reader.set.take();
    plan.text = if set.is_empty() { text.to_owned() } else { format!("{}\n\n{}\n", text.trim_end(), set.join("\n")) };
    plan.revision = digest(&SHA256, plan.text.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default();
    Ok(Loaded { plan, warnings: faults })
}

/// What is told of a text that is not TOML: its errors, and what was read amiss on other lines. Nothing is checked then,
/// since what is missing may stand on the broken lines.
fn broken(reader: &Reader<'_>, errors: &[toml::de::Error]) -> Faults {
    let read = reader.faults.take();
    for error in errors {
        let place = error.span().map_or(Place::Default, Place::File);
        let mend = unquoted(&reader.text, error.span()).then(|| "texts stand in quotes".to_owned());
        reader.fault(&place, format!("this is not TOML: {}", error.message()), mend);
    }
    let mut faults = reader.faults.take();
    let broken: Vec<Option<usize>> = faults.iter().map(|fault| fault.line).collect();
    let elsewhere = |fault: &Fault| fault.severity == Severity::Fault && fault.line.is_some() && !broken.contains(&fault.line);
    faults.extend(read.into_iter().filter(elsewhere));
    faults.sort_by_key(|fault| (fault.line, fault.column));
    Faults::new(faults)
}

/// Does the line hold a value that looks like a text without its quotes?
fn unquoted(text: &str, span: Option<Range<usize>>) -> bool {
    let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = text.get(before.rfind('\n').map_or(0, |at| at + 1)..).and_then(|rest| rest.lines().next());
    let value = line.and_then(|line| line.split_once('=')).map(|(_, value)| value.trim_start());
    value.is_some_and(|value| value.starts_with(|c: char| c.is_alphanumeric() || c == '/' || c == '*'))
}

fn read_file(path: &Path) -> Result<String, Faults> {
    let name = path.display().to_string();
    let fault =
        |message: String, mend: Option<&str>| Faults::new(vec![Fault::of(Severity::Fault, &name, message).mend(mend.map(str::to_owned))]);
    let mend = "name it by `--config`, or leave that out to run on what is built in";
    let file = File::open(path).map_err(|error| fault(format!("the file cannot be read: {error}"), Some(mend)))?;
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| fault(format!("the file cannot be read: {error}"), Some(mend)))?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(fault("the file is larger than 1 MB, so it is hardly a configuration".into(), None));
    }
    String::from_utf8(bytes).map_err(|error| fault(format!("the file is not UTF-8 after {} bytes", error.utf8_error().valid_up_to()), None))
}

/// A text of at most [`FILE_LIMIT`] bytes that the configuration names.
fn read_document(path: &Path) -> Result<Zeroizing<String>, String> {
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    file.take(FILE_LIMIT + 1).read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
    if text.len() as u64 > FILE_LIMIT { Err("is larger than 1 MB".to_owned()) } else { Ok(text) }
}

/// A file that holds one secret; the line end after it is not meant.
fn read_secret(path: &Path) -> Result<Secret, String> {
    const LIMIT: u64 = 64 * 1024;
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    file.take(LIMIT).read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err("is empty".to_owned()) } else { Ok(Secret::new(secret)) }
}

impl Overrides {
    /// As a reader takes them. An upstream is that of the only site.
    fn flags(&self, reader: &Reader<'_>, table: &DeTable<'_>) -> Vec<Flag> {
        let flag = |section, key, name, value: &Option<String>| value.clone().map(|value| Flag { section, key, name, value });
        let sites = table.get("site").and_then(|sites| sites.get_ref().as_array()).map_or(0, |sites| sites.len());
        let upstream = flag("site", "upstream", "--upstream", &self.upstream);
        if let Some(flag) = upstream.as_ref().filter(|_| sites > 1) {
            let message = format!("the file has {sites} sites, so it is not clear whose upstream is meant");
            reader.fault(
                &Place::Set(flag.name.into()),
                message,
                Some("set `COUNTERSIGN_SITE__0__UPSTREAM`, with the number of the site".into()),
            );
        }
        let flags = [
            flag("server", "listen", "--listen", &self.listen),
            flag("server", "admin_listen", "--admin-listen", &self.admin_listen),
            flag("server", "data", "--data", &self.data),
            upstream,
        ];
        flags.into_iter().flatten().collect()
    }
}
