//! Host patterns: `shop.example`, `*.example` or `*`, compared without case and port.

use std::fmt;

/// Which hosts a site answers for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPattern(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Exact(String),
    /// `.example`: everything below it, at any depth.
    Below(String),
    Any,
}

impl HostPattern {
    /// Reads a pattern; its case and port do not count.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains("//") {
            return Err("a host is a name, without `http://`".into());
        }
        let text = without_port(text).to_ascii_lowercase();
        let name = text.strip_prefix('*').unwrap_or(&text);
        let kind = match (text.len() - name.len(), name) {
            (1, "") => return Ok(Self(Kind::Any)),
            (1, _) if !name.starts_with('.') => return Err("a star stands for whole labels: `*.example.com`, or `*` alone".into()),
            (1, _) => Kind::Below(name.to_owned()),
            _ => Kind::Exact(name.to_owned()),
        };
        if name.starts_with('[') && name.ends_with(']') {
            let address = name.trim_matches(['[', ']']);
            return address.parse::<std::net::Ipv6Addr>().map(|_| Self(kind)).map_err(|_| "it is not an IPv6 address".into());
        }
        let label =
            |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let labels = if matches!(kind, Kind::Below(_)) { name.strip_prefix('.').unwrap_or(name) } else { name };
        match labels.split('.').find(|part| !label(part)) {
            None => Ok(Self(kind)),
            Some("") => Err("it has an empty label".into()),
            Some(_) if !name.is_ascii() => Err("a name with other letters than ASCII is written in its `xn--` form".into()),
            Some(part) => Err(format!("`{part}` is not a label of a host name")),
        }
    }

    /// `*`
    pub(super) fn any() -> Self {
        Self(Kind::Any)
    }

    /// Does it fit this host, which has no port?
    pub(super) fn matches(&self, host: &str) -> bool {
        match &self.0 {
            Kind::Exact(name) => name.eq_ignore_ascii_case(host),
            Kind::Below(suffix) => {
                let cut = host.len().checked_sub(suffix.len()).filter(|cut| *cut > 0);
                cut.and_then(|cut| host.get(cut..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
            }
            Kind::Any => true,
        }
    }

    /// The higher, the more exact. No two patterns that fit one host have the same rank, unless they are the same.
    pub(super) fn rank(&self) -> usize {
        match &self.0 {
            Kind::Exact(_) => usize::MAX,
            Kind::Below(suffix) => suffix.len(),
            Kind::Any => 0,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Exact(name) => f.write_str(name),
            Kind::Below(suffix) => write!(f, "*{suffix}"),
            Kind::Any => f.write_str("*"),
        }
    }
}

/// A host without its port and without the root's dot.
pub(super) fn without_port(host: &str) -> &str {
    let name = match host.rfind([':', ']']) {
        Some(at) if host.get(at..).is_some_and(|end| end.starts_with(':')) && (host.starts_with('[') || host.matches(':').count() == 1) => {
            host.get(..at).unwrap_or(host)
        }
        _ => host,
    };
    name.strip_suffix('.').filter(|name| !name.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(pattern: &str, host: &str, expect: bool) {
        assert_eq!(HostPattern::parse(pattern).unwrap().matches(without_port(host)), expect, "{pattern} and {host}");
    }

    #[test]
    fn hosts_match() {
        check("*", "anything:80", true);
        check("Shop.Example:8080", "SHOP.example", true);
        check("shop.example", "shop.example.", true);
        check("shop.example", "shop.example:443", true);
        check("shop.example", "a.shop.example", false);
        check("*.example", "a.b.example", true);
        check("*.example", "example", false);
        check("*.example", ".example", false);
        check("*.example", "notexample", false);
        check("*.example", "é.example", true);
        check("[::1]", "[::1]:8401", true);
        check("[::1]", "[::1]", true);
        check("127.0.0.1", "127.0.0.1:1", true);
    }

    #[test]
    fn patterns_that_are_none() {
        for text in ["", "http://a", "a b", "*a", "a.*", "a..b", "*..", "é.example", "a/b", "[::zz]", "a:b:c", ".a."] {
            assert!(HostPattern::parse(text).is_err(), "{text:?}");
        }
    }
}
