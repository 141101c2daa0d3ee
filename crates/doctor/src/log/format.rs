//! The formats of logs: which one a log is written in, told from its first lines, and how a line of each is read.

use super::entry::Entry;
use super::{alb, apache_error, clf, envoy, haproxy, json, nginx_error};
use serde::{Serialize, Serializer};

/// How many lines are looked at to tell a log's format.
const LOOKED_AT: usize = 40;

/// The format of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// The common log format and its kin: nginx, Apache, Traefik.
    Common(&'static str),
    /// HAProxy's HTTP log.
    Haproxy,
    /// Envoy's text.
    Envoy,
    /// Amazon's load balancer.
    Alb,
    /// Our own trail.
    Trail,
    /// Caddy's JSON.
    CaddyJson,
    /// Traefik's JSON.
    TraefikJson,
    /// Envoy's JSON.
    EnvoyJson,
    /// Another JSON access log with the usual names.
    Json,
    /// nginx's error log.
    NginxError,
    /// Apache's error log.
    ApacheError,
}

/// All, in the order in which they are tried. The more particular come first.
const ALL: &[LogFormat] = &[
    LogFormat::Trail,
    LogFormat::CaddyJson,
    LogFormat::TraefikJson,
    LogFormat::EnvoyJson,
    LogFormat::Json,
    LogFormat::Alb,
    LogFormat::Envoy,
    LogFormat::Haproxy,
    LogFormat::ApacheError,
    LogFormat::NginxError,
    LogFormat::Common(""),
];

impl LogFormat {
    /// The format of what begins with these bytes, if it is a log: at least half of its first lines must be of one format.
    pub fn recognise(head: &[u8]) -> Option<LogFormat> {
        let whole = head.len().min(memchr::memrchr(b'\n', head).map_or(head.len(), |end| end + 1));
        let lines = || {
            let lines = head.get(..whole).unwrap_or(head).split(|c| *c == b'\n').map(<[u8]>::trim_ascii_end);
            lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")).take(LOOKED_AT)
        };
        let count = lines().count();
        let read = |format: &LogFormat| lines().filter(|line| format.read(line).is_some()).count();
        let format = ALL.iter().copied().map(|format| (read(&format), format)).find(|(read, _)| *read > 0 && read * 2 >= count)?.1;
        Some(match format {
            LogFormat::Common(_) => LogFormat::Common(lines().find(|line| format.read(line).is_some()).map_or("common log", clf::name)),
            format => format,
        })
    }

    /// Can lines of both be read by one reader?
    pub fn same_kind(self, other: LogFormat) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// Is the other one the error log of servers that write this one, which tells why they refused?
    pub const fn explained_by(self, other: LogFormat) -> bool {
        matches!(self, LogFormat::Common(_) | LogFormat::Json) && other.is_error_log()
    }

    /// What the server's own clock showed in the first line that has a time, in seconds, as if it were UTC.
    pub fn begins(self, head: &[u8]) -> Option<i64> {
        head.split(|c| *c == b'\n').take(LOOKED_AT).find_map(|line| self.read(line.trim_ascii_end())?.local())
    }

    /// The same of the first whole line of a block that may begin anywhere.
    pub(super) fn begins_within(self, block: &[u8]) -> Option<i64> {
        self.begins(block.get(memchr::memchr(b'\n', block)? + 1..)?)
    }

    /// The same of the last whole line.
    pub(super) fn ends(self, block: &[u8]) -> Option<i64> {
        block.rsplit(|c| *c == b'\n').skip(1).take(LOOKED_AT).find_map(|line| self.read(line.trim_ascii_end())?.local())
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            LogFormat::Common(name) => name,
            LogFormat::Haproxy => "HAProxy HTTP log",
            LogFormat::Envoy => "Envoy access log",
            LogFormat::Alb => "AWS load balancer log",
            LogFormat::Trail => "Countersign trail",
            LogFormat::CaddyJson => "Caddy JSON log",
            LogFormat::TraefikJson => "Traefik JSON log",
            LogFormat::EnvoyJson => "Envoy JSON log",
            LogFormat::Json => "JSON access log",
            LogFormat::NginxError => "nginx error log",
            LogFormat::ApacheError => "Apache error log",
        }
    }

    /// Does it tell of refusals only, so that nothing is known of what was admitted?
    pub(super) const fn is_error_log(self) -> bool {
        matches!(self, LogFormat::NginxError | LogFormat::ApacheError)
    }

    /// Are its texts escaped as JSON?
    pub(super) const fn is_json(self) -> bool {
        self.names().is_some() || matches!(self, LogFormat::Trail)
    }

    const fn names(self) -> Option<&'static json::Names> {
        match self {
            LogFormat::CaddyJson => Some(&json::CADDY),
            LogFormat::TraefikJson => Some(&json::TRAEFIK),
            LogFormat::EnvoyJson => Some(&json::ENVOY),
            LogFormat::Json => Some(&json::OTHER),
            _ => None,
        }
    }

    /// Reads a line.
    pub(super) fn read(self, line: &[u8]) -> Option<Entry<'_>> {
        match (self, self.names()) {
            (LogFormat::EnvoyJson, _) => json::read_envoy(line),
            (_, Some(names)) => json::read(line, names),
            (LogFormat::Common(_), _) => clf::read(line),
            (LogFormat::Haproxy, _) => haproxy::read(line),
            (LogFormat::Envoy, _) => envoy::read(line),
            (LogFormat::Alb, _) => alb::read(line),
            (LogFormat::NginxError, _) => nginx_error::read(line),
            (LogFormat::ApacheError, _) => apache_error::read(line),
            (_, None) => json::read_trail(line),
        }
    }

    /// What stands in every line of a refusal right before the last two digits of its status, as this line has it. A log
    /// whose every line counts has none.
    pub(super) fn needle(self, line: &[u8]) -> Option<Vec<u8>> {
        match (self, self.names()) {
            (LogFormat::Trail | LogFormat::NginxError | LogFormat::ApacheError, _) => None,
            (_, Some(names)) => json::needle(line, names),
            _ => Some(b" 4".to_vec()),
        }
    }
}

impl Serialize for LogFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
