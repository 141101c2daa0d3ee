//! Where a document that an issuer names may be fetched from: a discovery document must not make the gateway call
//! addresses inside its own network. Pure.

use http::Uri;

/// What an address may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anything: the operator named it.
    Anywhere,
    /// Public hosts only: somebody else named it.
    Public,
}

/// How far `uri` may lead, which the issuer names; none if it may not be called.
pub(crate) fn reach(uri: &Uri, issuer: &Uri) -> Option<Reach> {
    let named = origin(uri)?;
    match origin(issuer) {
        Some(own) if own == named => Some(Reach::Anywhere),
        _ => (named.0 == "https").then_some(Reach::Public),
    }
}

/// Scheme, host and port (RFC 6454); none for other schemes, and for addresses that carry a name or password.
pub(crate) fn origin(uri: &Uri) -> Option<(&str, String, u16)> {
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    let port = authority.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    Some((scheme, authority.host().to_ascii_lowercase(), port))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, expect: Option<Reach>) {
        let issuer = Uri::from_static("http://127.0.0.1:9901");
        assert_eq!(reach(&uri.parse().unwrap(), &issuer), expect, "{uri}");
    }

    #[test]
    fn keys_lie_at_the_issuer_or_in_public() {
        check("http://127.0.0.1:9901/keys", Some(Reach::Anywhere));
        check("http://127.0.0.1:9902/keys", None);
        check("https://127.0.0.1:9901/keys", Some(Reach::Public));
        check("https://keys.example/keys", Some(Reach::Public));
        check("http://keys.example/keys", None);
        check("http://somebody@127.0.0.1:9901/keys", None);
        check("/keys", None);
        check("ftp://keys.example/keys", None);
    }
}
