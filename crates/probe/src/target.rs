//! Where a request goes: an http or https URL in parts, and the origin that credentials are bound to (RFC 6454). Pure.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::net::IpAddr;

/// What must not stand in a request's target, and is often pasted.
const UNWRITABLE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'|').add(b'\\').add(b'^');

/// An absolute http or https URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    /// Path and query, as they go over the wire.
    pub(crate) path: String,
    /// Name and password in the URL, decoded.
    pub(crate) user: Option<(String, String)>,
}

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) https: bool,
    /// In lower case, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Target {
    /// Reads an absolute URL.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.trim().split_once("://")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?', '\\']).unwrap_or(rest.len()));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let path = utf8_percent_encode(&path, UNWRITABLE).to_string();
        Some(Self { origin: Origin::parse(https, place)?, path, user: user.map(pair) })
    }

    /// Where a Location leads (RFC 3986 section 5.2, without the removal of dots, which servers do).
    pub(crate) fn join(&self, location: &str) -> Option<Self> {
        let location = location.trim();
        let scheme = if self.origin.https { "https" } else { "http" };
        let has_scheme = location.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        });
        if has_scheme {
            return Self::parse(location);
        }
        let path = self.path.split('?').next().unwrap_or("/");
        match location {
            other if other.starts_with("//") => Self::parse(&format!("{scheme}:{other}")),
            other if other.starts_with('/') => Self::parse(&format!("{}{other}", self.origin.url())),
            other if other.starts_with('?') || other.is_empty() => Self::parse(&format!("{}{path}{other}", self.origin.url())),
            other => {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                Self::parse(&format!("{}{folder}/{other}", self.origin.url()))
            }
        }
    }

    /// Another path at the same origin.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self { origin: self.origin.clone(), path: path.to_owned(), user: None }
    }

    /// The path without its query.
    pub(crate) fn bare_path(&self) -> &str {
        self.path.split('?').next().unwrap_or("/")
    }

    /// As it is written, without name and password.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.origin.url(), self.path)
    }
}

impl Origin {
    fn parse(https: bool, place: &str) -> Option<Self> {
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => rest.split_once(']').filter(|(host, _)| host.parse::<IpAddr>().is_ok())?,
            None => place.split_at(place.find(':').unwrap_or(place.len())),
        };
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        let default = if https { 443 } else { 80 };
        let port = match port.strip_prefix(':') {
            Some("") => default,
            Some(port) => port.parse().ok().filter(|port| *port > 0)?,
            None if port.is_empty() => default,
            None => return None,
        };
        let fits = !host.is_empty() && host.len() <= 253 && host.chars().all(letter);
        fits.then(|| Self { https, host: host.to_ascii_lowercase(), port })
    }

    /// Host and port as a Host field has them: the port only where it is not the scheme's.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.https { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    /// As it is written.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }

    /// Is it this machine by its very name?
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

fn pair(user: &str) -> (String, String) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    (decode(name), decode(password))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn reads(url: &str, expect: Option<&str>) {
        assert_eq!(Target::parse(url).map(|target| target.url()).as_deref(), expect, "{url}");
    }

    #[test]
    fn urls() {
        reads("https://API.example", Some("https://api.example/"));
        reads("HTTP://a.example:80/x?y#z", Some("http://a.example/x?y"));
        reads("http://a.example:443?y", Some("http://a.example:443/?y"));
        reads("http://[::1]:8080/", Some("http://[::1]:8080/"));
        reads("https://ann:secret@a.example/", Some("https://a.example/"));
        reads("https://a.example/a b{c}", Some("https://a.example/a%20b%7Bc%7D"));
        reads("https://a.example\\@b.example/", Some("https://a.example/%5C@b.example/"));
        for wrong in ["a.example", "/x", "ftp://a.example/", "https://", "https://a.example:x/", "https://a.example:0/", "https://a b/"] {
            reads(wrong, None);
        }
        assert_eq!(Target::parse("https://ann:p%40ss@a.example/").unwrap().user, Some(("ann".into(), "p@ss".into())));
    }

    #[track_caller]
    fn joins(location: &str, expect: Option<&str>) {
        let base = Target::parse("https://a.example/b/c?d").unwrap();
        assert_eq!(base.join(location).map(|target| target.url()).as_deref(), expect, "{location}");
    }

    #[test]
    fn locations() {
        joins("https://b.example/x", Some("https://b.example/x"));
        joins("//b.example/x", Some("https://b.example/x"));
        joins("/x", Some("https://a.example/x"));
        joins("x:y", None);
        joins("x?y=a:b", Some("https://a.example/b/x?y=a:b"));
        joins("?y", Some("https://a.example/b/c?y"));
        joins("", Some("https://a.example/b/c"));
        joins("javascript:alert(1)", None);
        joins("/login?next=https://a.example/b", Some("https://a.example/login?next=https://a.example/b"));
    }
}
