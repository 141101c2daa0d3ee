//! Fetching an issuer's keys: discovery (OpenID Connect Discovery section 4), then the JWK set.

use crate::outbound::{Outbound, OutboundFault, TIME_LIMIT, parse};
use crate::reach::{Reach, reach};
use countersign::token::{Algorithm, KeySet, KeySetFault};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde::Deserialize;
use std::time::Duration;
use thiserror::Error;
use tokio::time::timeout;

/// How long a set is fresh if its issuer does not say, and the bounds of what it may say.
const AGE: Duration = Duration::from_secs(60 * 60);
const SHORTEST_AGE: Duration = Duration::from_secs(5 * 60);
const LONGEST_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// What both documents may be.
const ACCEPT: &str = "application/json, application/jwk-set+json";

/// A set of keys, and for how long it is fresh.
pub(super) struct Fetched {
    pub(super) set: KeySet,
    pub(super) age: Duration,
}

/// Why keys could not be fetched.
#[derive(Debug, Error)]
pub(super) enum FetchFault {
    #[error("{0}")]
    Outbound(#[from] OutboundFault),
    #[error("the discovery document is for the issuer {0}")]
    OtherIssuer(String),
    #[error("the keys lie at {0}: neither at the issuer nor in public over https")]
    KeysElsewhere(String),
    #[error("the discovery document is not one: {0}")]
    Discovery(serde_json::Error),
    #[error("{0}")]
    KeySet(#[from] KeySetFault),
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

pub(super) async fn fetch(outbound: &Outbound, issuer: &str) -> Result<Fetched, FetchFault> {
    timeout(TIME_LIMIT, discover_and_get(outbound, issuer)).await.unwrap_or(Err(OutboundFault::Time.into()))
}

async fn discover_and_get(outbound: &Outbound, issuer: &str) -> Result<Fetched, FetchFault> {
    let discovery_uri = parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
    let (_, document) = outbound.get(&discovery_uri, Reach::Anywhere, ACCEPT).await?;
    let discovery: Discovery = serde_json::from_slice(&document).map_err(FetchFault::Discovery)?;
    if discovery.issuer != issuer {
        return Err(FetchFault::OtherIssuer(discovery.issuer));
    }
    let uri = parse(&discovery.jwks_uri)?;
    let reach = reach(&uri, &discovery_uri).ok_or(FetchFault::KeysElsewhere(discovery.jwks_uri))?;
    let (headers, document) = outbound.get(&uri, reach, ACCEPT).await?;
    // Which of them may be used is the judge's question, and its answer may change while the set is held.
    Ok(Fetched { set: KeySet::read(&document, Algorithm::ALL)?, age: age(&headers) })
}

/// For how long the answer is fresh (RFC 9111 section 5.2.2), within our bounds.
fn age(headers: &HeaderMap) -> Duration {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives = values.flat_map(|value| value.split(',')).map(str::trim);
    let mut age = AGE;
    for directive in directives {
        match directive.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("max-age") => {
                age = value.trim_matches('"').parse().map_or(age, Duration::from_secs);
            }
            None if ["no-store", "no-cache"].iter().any(|name| directive.eq_ignore_ascii_case(name)) => return SHORTEST_AGE,
            _ => {}
        }
    }
    age.clamp(SHORTEST_AGE, LONGEST_AGE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cache_control: &[&str], expect: u64) {
        let headers = cache_control.iter().map(|value| (CACHE_CONTROL, value.parse().unwrap())).collect();
        assert_eq!(age(&headers), Duration::from_secs(expect), "{cache_control:?}");
    }

    #[test]
    fn freshness_within_bounds() {
        check(&[], 3600);
        check(&["public, max-age=7200"], 7200);
        check(&["public", "Max-Age=\"7200\""], 7200);
        check(&["max-age=1"], 300);
        check(&["max-age=99999999"], 86_400);
        check(&["max-age=many"], 3600);
        check(&["max-age=99999999999999999999999"], 3600);
        check(&["max-age=7200, no-store"], 300);
        check(&["private"], 3600);
    }
}
