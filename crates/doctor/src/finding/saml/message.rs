//! One SAML message, held against where and when it was posted and against the metadata that was given.

use super::metadata::{Metadata, time};
use super::{NAME, quote, status};
use crate::catalogue::Code;
use crate::clue::{Clue, Side};
use crate::mask;
use crate::moment::{span, utc};
use crate::xml::Element;
use countersign::{Cause, ForeignCause, Timestamp};
use countersign_saml::{SignatureProblem, check_signatures};

/// Seconds that service providers commonly forgive.
const LEEWAY: i64 = 180;

/// A message with where it went and when.
pub(super) struct Posted {
    /// The root element.
    pub root: Element,
    /// The message as it was sent, as far as that is known.
    pub text: String,
    /// The URL that received it.
    pub url: Option<String>,
    /// When.
    pub now: Option<Timestamp>,
    /// Is that the time of the exchange, and not the reader's?
    pub stated: bool,
    /// The exchange, from 1; 0 for a document.
    pub exchange: usize,
    /// Is there a signature of the redirect binding beside it?
    pub signed_outside: bool,
}

pub(super) fn see(posted: &Posted, metadata: &[Metadata]) -> Vec<Clue> {
    if !matches!(posted.root.name.as_str(), "Response" | "Assertion" | "LogoutResponse") {
        return posted.request();
    }
    let mut clues = Vec::new();
    clues.extend(posted.status());
    clues.extend(posted.times());
    clues.extend(posted.addressed());
    clues.extend(posted.audience(metadata));
    clues.extend(posted.signature(metadata));
    let solicited = posted.root.attribute("InResponseTo").is_some();
    if posted.root.name == "Response" && !solicited && posted.exchange > 0 {
        let because = "The response has no `InResponseTo`: the provider began this login itself, and a service provider that takes only answers to its own requests refuses it.";
        clues.push(posted.clue(Cause::AssertionUnsolicited, 32, because, "InResponseTo", "(absent)"));
    }
    clues
}

impl Posted {
    fn clue(&self, code: impl Into<Code>, weight: u8, because: &str, place: &str, seen: &str) -> Clue {
        Clue::new(NAME, code, weight, because).quote(quote(self.exchange, &format!("SAML {place}"), seen))
    }

    /// A failure that the provider itself states.
    fn status(&self) -> Option<Clue> {
        let codes: Vec<&str> = self.root.child("Status")?.all("StatusCode").iter().filter_map(|code| code.attribute("Value")).collect();
        if codes.first()?.ends_with(":Success") {
            return None;
        }
        let told = codes.iter().rev().find_map(|code| status::find(code));
        let message = self.root.first("StatusMessage").map(|message| message.trimmed()).filter(|message| !message.is_empty());
        let what = told.map_or("a code of its own", |(_, what, _)| *what);
        let also = message.map(|message| format!(" It adds: “{}”.", mask::text(message))).unwrap_or_default();
        let because = format!("The identity provider itself answered with a failure: {what}.{also}");
        let mut clue = self.clue(Cause::AssertionStatusRefused, 96, &because, "StatusCode", &codes.join(" / "));
        if let Some((_, _, advice)) = told {
            clue = clue.fix(Side::Provider, *advice, &[]);
        }
        Some(clue)
    }

    fn times(&self) -> Vec<Clue> {
        let Some(now) = self.now else { return Vec::new() };
        let mut clues = Vec::new();
        let limits =
            [("Conditions", "NotOnOrAfter"), ("SubjectConfirmationData", "NotOnOrAfter"), ("AuthnStatement", "SessionNotOnOrAfter")];
        let ends = limits.iter().filter_map(|(element, name)| Some((*element, *name, self.root.first(element)?.attribute(name)?)));
        let first = ends.filter_map(|(element, name, text)| Some((time(text)?, element, name, text))).min_by_key(|(at, ..)| *at);
        if let Some((end, element, name, text)) = first.filter(|(end, ..)| *end <= now) {
            let (weight, because) = match (self.stated, now - end > LEEWAY) {
                (true, late) => (
                    if late { 95 } else { 72 },
                    format!("The assertion's `{name}` was {}, {} before it was received.", utc(end), span(now - end)),
                ),
                (false, _) => (
                    42,
                    format!("The assertion's `{name}` was {}: it is over by now, and whether it was when posted is not known.", utc(end)),
                ),
            };
            let clue = self.clue(Cause::AssertionExpired, weight, &because, &format!("{element} {name}"), text);
            clues.push(clue.fix(
                Side::Server,
                "Set the clock by NTP on both sides, and log in anew: an assertion is for minutes.",
                &["timedatectl status"],
            ));
        }
        let begins =
            ["Conditions", "SubjectConfirmationData"].iter().filter_map(|element| self.root.first(element)?.attribute("NotBefore"));
        if let Some((begin, text)) = begins.filter_map(|text| Some((time(text)?, text))).max().filter(|(begin, _)| *begin > now) {
            let because = format!(
                "The assertion's `NotBefore` is {}, {} after it was received: the provider's clock is ahead, or the service provider's behind.",
                utc(begin),
                span(begin - now)
            );
            let weight = if begin - now > LEEWAY { 95 } else { 78 };
            let clue = self.clue(Cause::AssertionNotYetValid, weight, &because, "Conditions NotBefore", text);
            clues.push(clue.fix(
                Side::Server,
                "Set the clock by NTP on both sides; until then allow a small clock skew in the service provider.",
                &["timedatectl status"],
            ));
        }
        clues
    }

    /// Was it posted to where it is addressed?
    fn addressed(&self) -> Vec<Clue> {
        let Some(url) = &self.url else { return Vec::new() };
        let confirmation = self.root.first("SubjectConfirmationData").and_then(|data| data.attribute("Recipient"));
        let named = [("Destination", self.root.attribute("Destination")), ("Recipient", confirmation)];
        let wrong = named.into_iter().filter_map(|(name, text)| Some((name, text.filter(|text| !text.is_empty())?)));
        let Some((name, address, how)) = wrong.filter_map(|(name, text)| Some((name, text, difference(text, url)?))).next() else {
            return Vec::new();
        };
        let received = mask::text(url.split('?').next().unwrap_or_default());
        let because = format!("The message's `{name}` is {}, and it was posted to {received}: {how}.", mask::text(address));
        let clue = self.clue(Cause::AssertionRecipientMismatch, 82, &because, name, address).fix(
            Side::Provider,
            "Register exactly the assertion consumer URL at the provider that browsers post to.",
            &[],
        );
        let mut clues = vec![clue];
        if how.starts_with("the schemes") {
            let because =
                format!("`{name}` and the address differ in the scheme alone, as where TLS ends at a proxy and the app is not told.");
            clues.push(self.clue(ForeignCause::PublicUrlUnknown, 50, &because, name, address));
        }
        clues
    }

    fn audience(&self, metadata: &[Metadata]) -> Vec<Clue> {
        let audiences: Vec<&str> = self.root.all("Audience").iter().map(|audience| audience.trimmed()).collect();
        let Some(first) = audiences.first() else { return Vec::new() };
        let providers: Vec<&str> =
            metadata.iter().filter(|metadata| metadata.service_provider).map(|metadata| metadata.entity.as_str()).collect();
        let seen = audiences.join(", ");
        if first.starts_with('{') || first.is_empty() {
            let because = "The audience is a placeholder or empty: it was never filled in at the provider.";
            return vec![self.clue(Cause::AssertionAudienceMismatch, 85, because, "Audience", &seen)];
        }
        if !providers.is_empty() && !providers.iter().any(|entity| audiences.contains(entity)) {
            let because = format!(
                "The assertion is for {}, and the service provider's entity id is {}.",
                mask::text(&seen),
                mask::text(&providers.join(", "))
            );
            let clue = self.clue(Cause::AssertionAudienceMismatch, 93, &because, "Audience", &seen);
            return vec![clue.fix(Side::Provider, "Set the audience (entity id of the service provider) at the provider.", &providers)];
        }
        let host =
            |url: &str| url.split_once("://").map(|(_, rest)| rest.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase());
        match (host(first), self.url.as_deref().and_then(host)) {
            (Some(named), Some(received)) if named != received && providers.is_empty() => {
                let because = format!(
                    "The assertion is for {}, another host than the one that received it; whether that is this service provider's entity id is not known.",
                    mask::text(&seen)
                );
                vec![self.clue(Cause::AssertionAudienceMismatch, 30, &because, "Audience", &seen)]
            }
            _ => Vec::new(),
        }
    }

    fn signature(&self, metadata: &[Metadata]) -> Vec<Clue> {
        let mut clues = Vec::new();
        let encrypted = self.root.first("EncryptedAssertion").is_some();
        if self.root.first("Signature").is_none() && !self.signed_outside && !encrypted && self.root.first("Assertion").is_some() {
            let because = "Neither the response nor its assertion is signed; a service provider must refuse that, unless the signature was taken out of the recording.";
            clues.push(self.clue(Cause::AssertionSignatureWrong, 38, because, "Signature", "(absent)"));
        }
        let issuer = self.root.first("Issuer").map(|issuer| issuer.trimmed()).unwrap_or_default();
        let providers: Vec<&Metadata> = metadata.iter().filter(|metadata| metadata.identity_provider).collect();
        if providers.is_empty() {
            return clues;
        }
        let Some(provider) = providers.iter().find(|provider| provider.entity == issuer) else {
            let known: Vec<&str> = providers.iter().map(|provider| provider.entity.as_str()).collect();
            let because = format!(
                "The message's issuer is {}, and the metadata describes {}: a service provider that holds this metadata does not know the issuer.",
                mask::text(issuer),
                mask::text(&known.join(", "))
            );
            clues.push(self.clue(Cause::AssertionSignatureWrong, 85, &because, "Issuer", issuer));
            return clues;
        };
        let used: Vec<String> =
            self.root.all("X509Certificate").iter().map(|certificate| certificate.text.split_whitespace().collect()).collect();
        let known = provider.certificates.iter().any(|certificate| used.contains(certificate));
        if !used.is_empty() && !provider.certificates.is_empty() && !known {
            let because = "The message is signed under a certificate that the provider's metadata does not have: the provider changed its key, and the metadata is an old copy.";
            let clue = self.clue(Cause::AssertionSignatureWrong, 92, because, "X509Certificate", "(another certificate)");
            clues.push(clue.fix(Side::Server, "Fetch the provider's metadata anew and load it into the service provider.", &[]));
            return clues;
        }
        clues.extend(self.verified(provider));
        clues
    }

    /// What the signatures come to under the keys of the provider's metadata.
    fn verified(&self, provider: &Metadata) -> Option<Clue> {
        let keys = provider.keys();
        if keys.is_empty() {
            return None;
        }
        let problem = check_signatures(&self.text, &keys).err()?;
        let (weight, because) = match &problem {
            SignatureProblem::Unreadable(_) => return None,
            SignatureProblem::Key => (
                94,
                "No key in the provider's metadata made the signature: the provider changed its key, or somebody else signed.".to_owned(),
            ),
            // What was pasted may have been laid out anew; what was posted was not.
            SignatureProblem::Content => {
                let because = "The provider's key made the signature, over something else than what stands here: the message was changed on its way, or when it was copied.";
                (if self.exchange > 0 { 90 } else { 42 }, because.to_owned())
            }
            SignatureProblem::Algorithm(name) => {
                (45, format!("The message is signed by {}, which strict service providers do not accept.", mask::text(name)))
            }
            SignatureProblem::Form(why) => (45, format!("The signature is not of the form that SAML asks for ({}).", mask::text(why))),
        };
        let clue = self.clue(Cause::AssertionSignatureWrong, weight, &because, "Signature", &problem.to_string());
        Some(match problem {
            SignatureProblem::Key => {
                clue.fix(Side::Server, "Fetch the provider's metadata anew and load it into the service provider.", &[])
            }
            SignatureProblem::Algorithm(_) => clue.fix(Side::Provider, "Let the provider sign with RSA and SHA-256.", &[]),
            _ => clue,
        })
    }

    /// What an authentication request says of its sender.
    fn request(&self) -> Vec<Clue> {
        let Some(consumer) = self.root.attribute("AssertionConsumerServiceURL") else { return Vec::new() };
        let secure = self.root.attribute("Destination").is_some_and(|destination| destination.starts_with("https://"));
        if secure && consumer.starts_with("http://") && !consumer.starts_with("http://localhost") {
            let because = "The service provider asks to be answered at a plain HTTP address: behind a proxy that ends TLS it does not know its public URL, and providers refuse an address that is not registered.";
            return vec![self.clue(ForeignCause::PublicUrlUnknown, 55, because, "AssertionConsumerServiceURL", consumer)];
        }
        Vec::new()
    }
}

/// How two addresses differ, in words; a query is left out, and so is a scheme that is not known.
fn difference(named: &str, received: &str) -> Option<&'static str> {
    let parts = |url: &str| {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let port = if scheme == "https" { ":443" } else { ":80" };
        (scheme.to_ascii_lowercase(), host.to_ascii_lowercase().trim_end_matches(port).to_owned(), path.to_owned())
    };
    let ((scheme, host, path), (other_scheme, other_host, other_path)) = (parts(named), parts(received));
    if host.is_empty() || other_host.is_empty() {
        return None;
    }
    if host != other_host {
        let (name, other_name) = (host.split(':').next(), other_host.split(':').next());
        return Some(if name == other_name { "the ports differ" } else { "the hosts differ" });
    }
    if path != other_path {
        let slash = path.trim_end_matches('/') == other_path.trim_end_matches('/');
        return Some(if slash { "they differ in the slash at the end" } else { "the paths differ" });
    }
    (!scheme.is_empty() && !other_scheme.is_empty() && scheme != other_scheme).then_some("the schemes differ, http and https")
}
