//! The forms of the URLs that a configuration names: issuers, upstreams, origins.

use crate::config::plan::{Upstream, UpstreamScheme};
use crate::config::read::{Wrong, not_among};
use http::uri::Authority;
use http::{HeaderValue, Uri};
use std::net::IpAddr;

/// The issuer's URL; true if its keys would come over a network that others may read, without TLS.
pub(super) fn issuer(text: &str) -> Result<bool, Wrong> {
    let uri = parse(text, "https", &["https", "http"])?;
    if text.contains(['?', '#']) {
        return Err(Wrong::new("an issuer's URL has neither query nor fragment", None));
    }
    let host = uri.authority().map(Authority::host).unwrap_or_default();
    Ok(uri.scheme_str() == Some("http") && !is_private(host))
}

/// Where an app is.
pub(super) fn upstream(text: &str) -> Result<Upstream, Wrong> {
    if text == "sample" {
        return Ok(Upstream::sample());
    }
    let uri = parse(text, "http", &["http", "https", "h2c"])?;
    let (scheme, port) = match uri.scheme_str() {
        Some("https") => (UpstreamScheme::Https, 443),
        Some("h2c") => (UpstreamScheme::H2c, 80),
        _ => (UpstreamScheme::Http, 80),
    };
    let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
    if text.contains(['?', '#']) || !matches!(uri.path(), "" | "/") {
        let mend = format!("write `{}://{authority}`", uri.scheme_str().unwrap_or("http"));
        return Err(Wrong::new("an upstream has no path: it gets the target as it was asked for", Some(mend)));
    }
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let authority = HeaderValue::from_str(authority).map_err(|_| Wrong::new("it has bytes that no host has", None))?;
    Ok(Upstream { scheme, host, port: uri.port_u16().unwrap_or(port), authority, sample: false })
}

/// Where a provider sends people back to.
pub(super) fn redirect(text: &str) -> Result<(), Wrong> {
    const PATH: &str = "/oauth2/callback";
    let uri = parse(text, "https", &["https", "http"])?;
    if uri.path() == PATH && !text.contains(['?', '#']) {
        return Ok(());
    }
    let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
    let mend = format!("write `{}://{authority}{PATH}`", uri.scheme_str().unwrap_or("https"));
    Err(Wrong::new("people are expected back at `/oauth2/callback`", Some(mend)))
}

/// An origin as browsers write it (RFC 6454 section 6.2).
pub(super) fn origin(text: &str) -> Result<(), Wrong> {
    if text == "*" || text == "null" {
        return Err(Wrong::new("origins are named one by one: this one would let scripts of any page in", None));
    }
    let uri = parse(text, "https", &["https", "http"])?;
    let usual = match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    };
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let port = uri.port_u16().filter(|port| *port != usual).map_or_else(String::new, |port| format!(":{port}"));
    let written = format!("{}://{host}{port}", uri.scheme_str().unwrap_or("https"));
    if written == text { Ok(()) } else { Err(Wrong::new("browsers write it otherwise", Some(format!("write `{written}`")))) }
}

/// Is it this machine, or a network that is not public?
pub(super) fn is_private(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        // A name of one label is one of this network's own, as in a composition of containers.
        Err(_) => !host.contains('.') || [".localhost", ".internal", ".local", ".home.arpa"].iter().any(|end| host.ends_with(end)),
    }
}

/// A URL with one of the schemes, a host, and no user.
fn parse(text: &str, usual: &str, schemes: &[&str]) -> Result<Uri, Wrong> {
    let Some((scheme, _)) = text.split_once("://") else {
        let meant = format!("{usual}://{text}");
        let mend = parse(&meant, usual, schemes).ok().map(|_| format!("write `{meant}`"));
        return Err(Wrong::new(format!("it is a URL: `{usual}://` and a host"), mend));
    };
    if !schemes.contains(&scheme) {
        return Err(not_among(scheme, schemes));
    }
    let uri: Uri = text.parse().map_err(|_| Wrong::new("it is not a URL", None))?;
    let authority = uri.authority().ok_or_else(|| Wrong::new("it names no host", None))?;
    if authority.as_str().contains('@') {
        return Err(Wrong::new("it has no place for a user or password", Some(format!("write `{scheme}://{}`", host_and_port(authority)))));
    }
    let odd_port = authority.as_str().len() != host_and_port(authority).len() || authority.port_u16() == Some(0);
    if authority.host().is_empty() || odd_port {
        return Err(Wrong::new("host and port are not complete", None));
    }
    Ok(uri)
}

fn host_and_port(authority: &Authority) -> String {
    authority.port().map_or_else(|| authority.host().to_owned(), |port| format!("{}:{port}", authority.host()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(text: &str) -> Wrong {
        upstream(text).unwrap_err()
    }

    #[test]
    fn upstreams() {
        for (text, host, port, authority) in [
            ("http://127.0.0.1:3000", "127.0.0.1", 3000, "127.0.0.1:3000"),
            ("http://app/", "app", 80, "app"),
            ("https://app.example", "app.example", 443, "app.example"),
            ("h2c://[::1]:50051", "::1", 50051, "[::1]:50051"),
        ] {
            let upstream = upstream(text).unwrap();
            assert_eq!((upstream.host.as_str(), upstream.port, upstream.authority.to_str().unwrap()), (host, port, authority), "{text}");
        }
        for (text, mend) in [
            ("127.0.0.1:3000", Some("write `http://127.0.0.1:3000`")),
            ("http://app/base?x", Some("write `http://app`")),
            ("http://u:p@app:1", Some("write `http://app:1`")),
            ("htp://app", Some("did you mean `http`?")),
            ("http://", None),
            ("http://app:0", None),
            ("http://app:99999", None),
            ("http://a b", None),
            ("", None),
            ("urn:a:b", None),
        ] {
            assert_eq!(refused(text).mend.as_deref(), mend, "{text}");
        }
    }

    #[test]
    fn origins() {
        for text in ["https://app.example", "http://127.0.0.1:3000", "https://[::1]:8443"] {
            assert_eq!(origin(text), Ok(()), "{text}");
        }
        for (text, mend) in [
            ("https://App.example/", Some("write `https://app.example`")),
            ("https://app.example:443", Some("write `https://app.example`")),
            ("app.example", Some("write `https://app.example`")),
            ("*", None),
            ("null", None),
        ] {
            assert_eq!(origin(text).unwrap_err().mend.as_deref(), mend, "{text}");
        }
    }

    #[test]
    fn private_hosts() {
        for host in
            ["127.0.0.1", "[::1]", "10.1.2.3", "192.168.0.1", "[fd00::1]", "localhost", "keycloak", "id.internal", "[::ffff:10.0.0.1]"]
        {
            assert!(is_private(host), "{host}");
        }
        for host in ["8.8.8.8", "169.254.169.254", "id.example.com", "[2001:db8::1]", "localhost.example.com"] {
            assert!(!is_private(host), "{host}");
        }
    }
}
