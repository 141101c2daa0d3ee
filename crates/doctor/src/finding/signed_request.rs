//! Signed requests: their dates against the answer's, the scope of AWS signatures, the expiry of signed URLs, and words about
//! signatures' times. Not a recomputation of any signature.

use super::date;
use super::refusal::{Clock, Refusal};
use super::said::{Phrase, Said};
use super::sent;
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{Dossier, Request};
use crate::moment::{span, utc};
use countersign::{Cause, ForeignCause, Timestamp};

const NAME: &str = "signed-request";
const SKEW: Code = Foreign(ForeignCause::ClockSkew);
const OVER: Code = Common(Cause::TokenExpired);

const PHRASES: &[Phrase] = &[
    Phrase("requesttimetooskewed", 96, SKEW),
    Phrase("request time and the server", 95, SKEW),
    Phrase("difference between the request time", 96, SKEW),
    Phrase("signature expired: * is now earlier than", 96, SKEW),
    Phrase("signature not yet current", 96, SKEW),
    Phrase("outside of the recvwindow", 96, SKEW),
    Phrase("ahead of the server's time", 95, SKEW),
    Phrase("ahead of server time", 95, SKEW),
    Phrase("timestamp_refused", 95, SKEW),
    Phrase("timestamp refused", 95, SKEW),
    Phrase("timestamp is too old", 92, SKEW),
    Phrase("timestamp too old", 92, SKEW),
    Phrase("timestamp expired", 92, SKEW),
    Phrase("timestamp has expired", 92, SKEW),
    Phrase("timestamp is expired", 92, SKEW),
    Phrase("stale timestamp", 92, SKEW),
    Phrase("timestamp is stale", 92, SKEW),
    Phrase("expired timestamp", 90, SKEW),
    Phrase("timestamp too far", 92, SKEW),
    Phrase("timestamp is too far", 92, SKEW),
    Phrase("timestamp differs", 88, SKEW),
    Phrase("timestamp difference", 88, SKEW),
    Phrase("timestamp skew", 92, SKEW),
    Phrase("timestamp out of", 90, SKEW),
    Phrase("timestamp outside", 92, SKEW),
    Phrase("timestamp is outside", 92, SKEW),
    Phrase("timestamp * not within", 90, SKEW),
    Phrase("timestamp out of bounds", 94, SKEW),
    Phrase("invalid timestamp", 84, SKEW),
    Phrase("invalid_timestamp", 86, SKEW),
    Phrase("timestamp * invalid", 78, SKEW),
    Phrase("timestamp * expired", 88, SKEW),
    Phrase("timestamp in the future", 92, SKEW),
    Phrase("timestamp is in the future", 92, SKEW),
    Phrase("stale request", 86, SKEW),
    Phrase("request is too old", 88, SKEW),
    Phrase("request too old", 88, SKEW),
    Phrase("date header * not * in", 62, SKEW),
    Phrase("date in the request is too", 90, SKEW),
    Phrase("clock skew too great", 96, SKEW),
    Phrase("clock * out of sync", 92, SKEW),
    Phrase("clock is not synchron", 92, SKEW),
    Phrase("krb_ap_err_skew", 96, SKEW),
    Phrase("krb_ap_err_tkt_nyv", 94, SKEW),
    Phrase("system time", 62, SKEW),
    Phrase("server time", 55, SKEW),
    Phrase("local time", 50, SKEW),
    Phrase("check your clock", 90, SKEW),
    Phrase("check your system clock", 92, SKEW),
    Phrase("iat and exp values", 84, SKEW),
    Phrase("reasonable timeframe", 90, SKEW),
    Phrase("signaturedoesnotmatch", 88, Common(Cause::TokenSignatureWrong)),
    Phrase("request signature we calculated does not match", 92, Common(Cause::TokenSignatureWrong)),
    Phrase("hmac * not match", 82, Common(Cause::TokenSignatureWrong)),
    Phrase("hmac signature", 66, Common(Cause::TokenSignatureWrong)),
    Phrase("hmac validation failed", 84, Common(Cause::TokenSignatureWrong)),
    Phrase("hmac verification failed", 84, Common(Cause::TokenSignatureWrong)),
    Phrase("credential should be scoped to a valid region", 95, Foreign(ForeignCause::EndpointWrong)),
    Phrase("credential should be scoped to correct service", 94, Foreign(ForeignCause::EndpointWrong)),
    Phrase("authorizationheadermalformed", 76, Foreign(ForeignCause::EndpointWrong)),
    Phrase("the region * is wrong; expecting", 95, Foreign(ForeignCause::EndpointWrong)),
    Phrase("nonce already used", 84, Common(Cause::ProofReplayed)),
    Phrase("nonce_used", 90, Common(Cause::ProofReplayed)),
    Phrase("invalid nonce", 52, Common(Cause::ProofNonceNeeded)),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let mut clues = said.clues(NAME, PHRASES);
    let Some(refusal) = Refusal::of(dossier) else { return clues };
    let Some(request) = refusal.request() else { return clues };
    if !matches!(refusal.status(), 400..=403 | 410) {
        return clues;
    }
    clues.extend(signed_url(&refusal, request));
    clues.extend(skewed(&refusal, request, &said));
    clues.extend(scope(&refusal, request));
    clues.extend(delivered(&refusal, request));
    clues
}

/// A webhook's delivery: its sender signs the body as it is sent, and nothing else says who asks.
fn delivered(refusal: &Refusal<'_>, request: &Request) -> Option<Clue> {
    let sent = sent::credentials(request);
    let named = |sent: &sent::Sent<'_>| {
        let name = sent.name.to_ascii_lowercase();
        sent.place == sent::Place::Field && (name.contains("signature") || name.contains("hmac"))
    };
    let signature = sent.iter().find(|sent| named(sent))?;
    let alone = sent.iter().all(|sent| named(sent) || sent.place == sent::Place::Body);
    if !alone || request.body.trim().is_empty() && !request.method.eq_ignore_ascii_case("POST") {
        return None;
    }
    let because = format!(
        "The body is signed in {}, and nothing else says who asks: the receiver computes the same over the body as it came. Another secret, or a body that was parsed and written anew, gives another signature.",
        signature.name
    );
    let clue = Clue::new(NAME, Common(Cause::TokenSignatureWrong), 60, because).quote(signature.quote(refusal.index));
    Some(clue.fix(Side::Server, "Verify over the raw bytes, with the secret of this very webhook.", &[]))
}

/// Where a time was found, its value, and how far a server usually lets it lie.
struct Dated {
    quote: Quote,
    at: Timestamp,
    window: i64,
    signed: bool,
}

/// The times that the request gives for itself.
fn times(refusal: &Refusal<'_>, request: &Request) -> Vec<Dated> {
    const FIELDS: &[(&str, i64, bool)] = &[
        ("x-amz-date", 300, true),
        ("x-goog-date", 900, true),
        ("x-ms-date", 900, true),
        ("x-date", 300, true),
        ("date", 300, false),
        ("x-timestamp", 60, true),
        ("timestamp", 60, true),
        ("x-request-timestamp", 60, true),
        ("x-signature-timestamp", 60, true),
        ("x-auth-timestamp", 60, true),
        ("x-slack-request-timestamp", 300, true),
        ("x-bapi-timestamp", 10, true),
        ("ok-access-timestamp", 30, true),
        ("kc-api-timestamp", 10, true),
        ("cb-access-timestamp", 30, true),
        ("access-timestamp", 30, true),
        ("x-ca-timestamp", 900, true),
        ("x-tc-timestamp", 300, true),
        ("x-sdk-date", 900, true),
        ("x-nonce-timestamp", 60, true),
        ("x-request-date", 300, true),
    ];
    const PARAMETERS: &[(&str, i64)] = &[
        ("x-amz-date", 300),
        ("oauth_timestamp", 300),
        ("timestamp", 60),
        ("ts", 60),
        ("tonce", 60),
        ("request_time", 60),
        ("t", 300),
        ("_timestamp", 60),
        ("time", 300),
    ];
    let signs = request.headers.0.iter().any(|header| {
        let name = header.name.to_ascii_lowercase();
        name.contains("signature")
            || name.contains("-sign")
            || name == "sign"
            || (name == "authorization"
                && (header.value.to_ascii_lowercase().contains("signature")
                    || header.value.starts_with("SharedKey")
                    || header.value.to_ascii_lowercase().starts_with("hmac")
                    || header.value.starts_with("AWS ")))
    });
    let mut found: Vec<Dated> = FIELDS
        .iter()
        .filter(|(.., own)| *own || signs)
        .filter_map(|(name, window, own)| {
            let header = request.headers.all(name).next()?;
            Some(Dated {
                quote: Quote::header(refusal.index, "request", header),
                at: date::read(&header.value)?,
                window: *window,
                signed: signs || *own && name.contains("date"),
            })
        })
        .collect();
    let parameters = sent::parameters(request);
    let signed_query = parameters
        .iter()
        .any(|(name, _)| matches!(name.to_ascii_lowercase().as_str(), "signature" | "sign" | "sig" | "oauth_signature" | "hmac"));
    let presigned = parameters.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-amz-expires"));
    for (name, value) in &parameters {
        let Some((_, window)) = PARAMETERS
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .filter(|(known, _)| !(presigned && *known == "x-amz-date"))
        else {
            continue;
        };
        if let Some(at) = date::read(value).filter(|_| signed_query || signs || name.len() > 4) {
            found.push(Dated {
                quote: Quote::text(refusal.index, format!("request parameter {name}"), request.line, value),
                at,
                window: *window,
                signed: signed_query || signs,
            });
        }
    }
    if let Some(header) = request.headers.all("authorization").next() {
        for part in header.value.split([',', ' ', '&']) {
            let stamp = part.trim().split_once('=').filter(|(name, _)| matches!(*name, "oauth_timestamp" | "ts" | "timestamp" | "created"));
            if let Some(at) = stamp.and_then(|(_, value)| date::read(value)) {
                found.push(Dated { quote: Quote::header(refusal.index, "request", header), at, window: 300, signed: true });
            }
        }
    }
    found
}

fn skewed(refusal: &Refusal<'_>, request: &Request, said: &Said) -> Vec<Clue> {
    let server = refusal.date().map(|(at, _)| at);
    let Some(now) = server.or_else(|| refusal.now().filter(|(_, clock)| *clock == Clock::Server).map(|(at, _)| at)) else {
        return Vec::new();
    };
    let words = said.any(&["timestamp", "time", "clock", "skew", "nonce", "expired", "recvwindow"]).is_some();
    let mut clues = Vec::new();
    for dated in times(refusal, request) {
        let apart = now.saturating_sub(dated.at);
        let length = apart.saturating_abs();
        // Half a day apart and to the minute: the same clock in another zone.
        let zone = (1_800..=50_400).contains(&length) && (length % 1_800 <= 90 || length % 1_800 >= 1_710);
        let weight = match (length > dated.window, length > 900, dated.signed, words) {
            (true, true, true, _) | (true, _, _, true) => 95,
            (true, false, true, false) => 84,
            (true, true, false, false) => 70,
            (true, false, false, false) => 50,
            (false, ..) => continue,
        };
        let side = if apart > 0 { "behind" } else { "ahead of" };
        let hint = if zone { " That is a whole number of half hours: a local time may have been sent as UTC." } else { "" };
        let because = format!("The request is dated {}, {} {side} the server's clock ({}).{hint}", utc(dated.at), span(length), utc(now));
        let mut clue = Clue::new(NAME, SKEW, weight, because).quote(dated.quote);
        if let Some((_, header)) = refusal.date() {
            clue = clue.quote(Quote::header(refusal.index, "response", header));
        }
        clues.push(clue.fix(
            Side::Caller,
            "Set the clock by NTP, or add the difference to the answer's Date before signing.",
            &["timedatectl set-ntp true"],
        ));
    }
    clues.truncate(2);
    clues
}

/// A signed URL whose time is over, or has not come.
fn signed_url(refusal: &Refusal<'_>, request: &Request) -> Option<Clue> {
    let (now, clock) = refusal.now()?;
    let parameters: Vec<(String, String)> = sent::pairs(request.query()).collect();
    let value = |name: &str| parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    let lasting = |from: &str, length: &str| Some(date::read(value(from)?)?.saturating_add(value(length)?.parse().ok()?));
    let signed =
        ["signature", "x-amz-signature", "x-goog-signature", "sig", "x-oss-signature", "hmac", "token", "hash", "policy", "key-pair-id"]
            .iter()
            .any(|name| value(name).is_some());
    let end = lasting("x-amz-date", "x-amz-expires")
        .or_else(|| lasting("x-goog-date", "x-goog-expires"))
        .or_else(|| lasting("x-oss-date", "x-oss-expires"));
    let end = end.or_else(|| value("se").filter(|_| value("sig").is_some()).and_then(date::read));
    let end = end.or_else(|| {
        ["expires", "expire", "exp", "expiry", "expires_at", "oe"]
            .iter()
            .find_map(|name| value(name))
            .filter(|_| signed)
            .and_then(date::read)
    });
    if let Some(end) = end.filter(|end| *end < now) {
        let over = now.saturating_sub(end);
        let weight = if clock == Clock::Reader { 50 } else { 97 };
        let because =
            format!("The signed URL was good until {}, {} before {} says that it was asked for.", utc(end), span(over), clock.name());
        let clue = Clue::new(NAME, OVER, weight, because).quote(Quote::text(refusal.index, "request URL", request.line, &request.url));
        return Some(clue.fix(Side::Caller, "Have the URL signed anew, shortly before it is used.", &[]));
    }
    let start =
        value("st").filter(|_| value("sig").is_some()).and_then(date::read).filter(|start| *start > now && clock != Clock::Reader)?;
    let because = format!(
        "The signed URL begins to be good at {}, {} after {} says that it was asked for.",
        utc(start),
        span(start.saturating_sub(now)),
        clock.name()
    );
    Some(Clue::new(NAME, SKEW, 95, because).quote(Quote::text(refusal.index, "request URL", request.line, &request.url)))
}

/// An AWS credential scope that does not fit its date or host.
fn scope(refusal: &Refusal<'_>, request: &Request) -> Option<Clue> {
    let header = request.headers.all("authorization").find(|header| header.value.starts_with("AWS4-"));
    let field = header
        .and_then(|header| header.value.split("Credential=").nth(1))
        .map(|rest| rest.split([',', ' ']).next().unwrap_or_default().to_owned());
    let credential = field
        .or_else(|| sent::pairs(request.query()).find(|(name, _)| name.eq_ignore_ascii_case("x-amz-credential")).map(|(_, value)| value))?;
    let parts: Vec<&str> = credential.split('/').collect();
    let [_, day, region, service, _] = parts.as_slice() else { return None };
    let quote = match header {
        Some(header) => Quote::header(refusal.index, "request", header),
        None => Quote::text(refusal.index, "request query X-Amz-Credential", request.line, &credential),
    };
    let host = request.host();
    if host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn") {
        let labels: Vec<&str> = host.split(['.', '-']).collect();
        let regional = host.split('.').find(|label| {
            label.len() > 7
                && label.ends_with(|c: char| c.is_ascii_digit())
                && label.matches('-').count() >= 2
                && ["us", "eu", "ap", "sa", "ca", "me", "af", "cn", "il", "mx"].iter().any(|start| label.starts_with(start))
        });
        if let Some(asked) = regional.filter(|asked| asked != region && !asked.ends_with(region)) {
            let because = format!("The request is signed for the region {region} and goes to a host of {asked}.");
            return Some(Clue::new(NAME, Foreign(ForeignCause::EndpointWrong), 88, because).quote(quote).fix(
                Side::Caller,
                "Sign for the region of the host.",
                &[],
            ));
        }
        let known = [
            ("execute-api", "execute-api"),
            ("s3", "s3"),
            ("es", "es"),
            ("lambda", "lambda"),
            ("sts", "sts"),
            ("dynamodb", "dynamodb"),
            ("sqs", "sqs"),
            ("aoss", "aoss"),
        ];
        if let Some((_, own)) =
            known.iter().find(|(label, _)| labels.contains(label)).filter(|(_, own)| own != service && !host.starts_with(service))
        {
            let because = format!("The request is signed for the service {service} and goes to a host of {own}.");
            return Some(Clue::new(NAME, Foreign(ForeignCause::EndpointWrong), 76, because).quote(quote).fix(
                Side::Caller,
                "Sign for the service of the host.",
                &[],
            ));
        }
    }
    let dated = request
        .headers
        .get("x-amz-date")
        .map(str::to_owned)
        .or_else(|| sent::pairs(request.query()).find(|(name, _)| name.eq_ignore_ascii_case("x-amz-date")).map(|(_, value)| value))?;
    (!dated.starts_with(day)).then(|| {
        let because =
            format!("The signature's scope is of the day {day}, and the request is dated {dated}: a signing key of another day was used.");
        Clue::new(NAME, Common(Cause::TokenSignatureWrong), 84, because).quote(quote)
    })
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchanged};
    use super::*;

    const DATE: &str = "Date: Tue, 14 Nov 2023 22:13:20 GMT";

    #[test]
    fn dates_of_signed_requests() {
        let aws = |date: &str, day: &str, host: &str| {
            format!(
                "GET https://{host}/\nX-Amz-Date: {date}\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIA/{day}/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=bb"
            )
        };
        let own = "a.execute-api.us-east-1.amazonaws.com";
        check(see(&exchanged(&aws("20231114T220400Z", "20231114", own), 403, DATE, "")), Some("clock-skew"), 80);
        check(see(&exchanged(&aws("20231114T214000Z", "20231114", own), 403, DATE, "")), Some("clock-skew"), 95);
        check(see(&exchanged(&aws("20231114T221320Z", "20231114", own), 403, DATE, "")), None, 10);
        check(see(&exchanged(&aws("20231114T221320Z", "20231113", own), 403, DATE, "")), Some("token-signature-wrong"), 80);
        check(
            see(&exchanged(&aws("20231114T221320Z", "20231114", "a.execute-api.eu-west-1.amazonaws.com"), 403, DATE, "")),
            Some("endpoint-wrong"),
            80,
        );
        check(see(&exchanged("GET https://a.example/x?timestamp=1699990000&signature=a", 401, DATE, "")), Some("clock-skew"), 90);
        check(see(&exchanged("GET https://a.example/x?timestamp=1700000000000&signature=a", 401, DATE, "")), None, 10);
    }

    #[test]
    fn signed_urls() {
        for (query, code) in [
            ("X-Amz-Date=20231114T200000Z&X-Amz-Expires=600&X-Amz-Signature=1", Some("token-expired")),
            ("X-Amz-Date=20231114T221000Z&X-Amz-Expires=600&X-Amz-Signature=1", None),
            ("se=2023-11-14T20:00:00Z&sig=1", Some("token-expired")),
            ("st=2023-11-14T23:00:00Z&se=2023-11-15T20:00:00Z&sig=1", Some("clock-skew")),
            ("Expires=1600000000&Signature=1", Some("token-expired")),
            ("expires=1600000000", None),
        ] {
            check(see(&exchanged(&format!("GET https://a.example/x?{query}"), 403, DATE, "")), code, 80);
        }
        check(see(&answered(403, "", "RequestTimeTooSkewed")), Some("clock-skew"), 95);
    }
}
