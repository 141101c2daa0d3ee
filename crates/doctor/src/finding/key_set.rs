//! A key set beside a token: is the token's key in it, may it be used so, does the signature hold? And what is wrong with
//! a set by itself.

use super::refusal::Refusal;
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{DocumentKind, Dossier};
use crate::jwt::{self, Jwt};
use crate::mask;
use countersign::token::{Algorithm, KeySet, Unverified};
use countersign::{Cause, ForeignCause, Issuer, Stop};
use serde_json::Value;
use std::sync::Arc;

const NAME: &str = "key-set";
/// The most keys of one set that are looked at.
const KEYS: usize = 256;

/// A set with where it came from: the exchange, from 1, or 0.
struct Set {
    keys: Vec<Value>,
    text: String,
    exchange: usize,
}

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let sets = sets(dossier);
    let tokens = if sets.is_empty() { Vec::new() } else { tokens(dossier) };
    let mut clues: Vec<Clue> = sets.iter().flat_map(|set| set.faults()).collect();
    for token in tokens.iter().filter(|token| !token.encrypted()) {
        // Several sets are those of several issuers: a token has to fit one of them.
        let fits: Vec<Option<Clue>> = sets.iter().map(|set| set.misfit(token)).collect();
        if fits.iter().all(Option::is_some) {
            clues.extend(fits.into_iter().flatten().max_by_key(|clue| clue.weight));
        }
    }
    clues
}

fn sets(dossier: &Dossier) -> Vec<Set> {
    let given =
        dossier.documents.iter().filter(|document| document.kind == DocumentKind::KeySet).map(|document| (document.text.as_str(), 0));
    let fetched = dossier.exchanges.iter().enumerate().filter_map(|(at, exchange)| {
        let body = exchange.response.as_ref().filter(|response| response.status == 200)?.body.as_str();
        (body.len() < 1024 * 1024 && body.contains("\"keys\"") && body.contains("\"kty\"")).then_some((body, at + 1))
    });
    given
        .chain(fetched)
        .take(8)
        .filter_map(|(text, exchange)| {
            let value: Value = serde_json::from_str(text).ok()?;
            let keys = value.get("keys")?.as_array()?.iter().take(KEYS).cloned().collect();
            Some(Set { keys, text: text.to_owned(), exchange })
        })
        .collect()
}

/// The tokens that the sets are asked about: those given alone, and those that the refused request carried.
fn tokens(dossier: &Dossier) -> Vec<Jwt> {
    let alone = dossier.documents.iter().filter(|document| document.kind == DocumentKind::Jwt);
    let sent = Refusal::of(dossier).and_then(|refusal| refusal.request());
    let sent = sent.iter().flat_map(|request| &request.headers.0).flat_map(|header| jwt::find(&header.value));
    alone.filter_map(|document| Jwt::read(&document.text)).chain(sent).take(8).collect()
}

impl Set {
    /// What is wrong with the set whatever the token.
    fn faults(&self) -> Vec<Clue> {
        let mut clues = Vec::new();
        if self.keys.is_empty() {
            let because = "The key set is empty: no signature of this issuer can be verified by it.";
            clues.push(self.clue(ForeignCause::ProviderMisconfigured, 70, because, "keys: []"));
        }
        let private = |key: &&Value| ["d", "p", "q", "dp", "dq", "qi", "k"].iter().any(|member| key.get(member).is_some());
        if let Some(key) = self.keys.iter().find(private) {
            let because = "The key set publishes a secret: a key's private members, or a symmetric key. Whoever read it can make tokens; libraries that notice refuse the whole set.";
            let clue = self.clue(ForeignCause::ProviderMisconfigured, 50, because, &describe(key));
            clues.push(clue.fix(
                Side::Provider,
                "Make new keys, publish only `kty`, `kid`, `use`, `alg` and the public members, and withdraw these.",
                &[],
            ));
        }
        let mut ids: Vec<&str> = self.keys.iter().filter_map(|key| text(key, "kid")).collect();
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first().copied())).flatten() {
            let because = format!("Two keys of the set have the id `{}`: which of them verifies is up to the library.", mask::text(twice));
            clues.push(self.clue(Cause::TokenSignatureWrong, 35, &because, twice));
        }
        let weak =
            |key: &&Value| text(key, "kty") == Some("RSA") && text(key, "n").and_then(crate::base64::decode).is_some_and(|n| n.len() < 256);
        if let Some(key) = self.keys.iter().find(weak) {
            let because = "The set has an RSA key of fewer than 2048 bits, which RFC 7518 forbids and libraries refuse.";
            clues.push(self.clue(ForeignCause::ProviderMisconfigured, 40, because, &describe(key)));
        }
        clues
    }

    /// Why a token's signature cannot come from this set; none where nothing speaks against it.
    fn misfit(&self, token: &Jwt) -> Option<Clue> {
        let algorithm = token.head("alg").unwrap_or_default();
        let kid = token.head("kid");
        let named: Vec<&Value> = self.keys.iter().filter(|key| kid.is_none() || text(key, "kid") == kid).collect();
        let known: Vec<String> = self.keys.iter().filter_map(|key| text(key, "kid")).take(8).map(mask::text).collect();
        let Some(key) = named.first().filter(|_| named.len() == 1 || kid.is_some()) else {
            return match kid {
                Some(kid) => {
                    let because = format!(
                        "The token names the key `{}`, and the set has {}: the keys were rotated since, the set is an old copy, or it is another issuer's.",
                        mask::text(kid),
                        if known.is_empty() { "no key with an id".to_owned() } else { known.join(", ") }
                    );
                    Some(self.clue(Cause::TokenKeyUnknown, 90, &because, kid).fix(
                        Side::Server,
                        "Fetch the key set anew when a token names an unknown key; check that `iss` of the token and the set are of one issuer.",
                        &[],
                    ))
                }
                None if self.keys.len() > 1 => self.signature(token, "(none)").or_else(|| {
                    let because = "The token names no key and the set has several: some libraries then take the first, or none.";
                    Some(self.clue(Cause::TokenKeyUnknown, 25, because, "no kid"))
                }),
                None => None,
            };
        };
        let expected = text(key, "alg").filter(|expected| *expected != algorithm && !algorithm.is_empty());
        let kty = match algorithm.get(..2) {
            Some("RS" | "PS") => Some("RSA"),
            Some("ES") => Some("EC"),
            Some("Ed") => Some("OKP"),
            Some("HS") => Some("oct"),
            _ => None,
        };
        let because = if text(key, "use") == Some("enc") {
            Some("the key that it names is published for encryption (`use` is `enc`)".to_owned())
        } else if let Some(kty) = kty.filter(|kty| text(key, "kty") != Some(kty)) {
            Some(format!("the key that it names is of the type {}, and {algorithm} needs {kty}", text(key, "kty").unwrap_or("(none)")))
        } else {
            expected.map(|expected| format!("the key that it names is published for {expected} only"))
        };
        if let Some(because) = because {
            let because = format!("The token is signed with {algorithm}, but {because}.");
            return Some(self.clue(Cause::TokenAlgorithmRefused, 88, &because, &describe(key)));
        }
        self.signature(token, kid.unwrap_or("(none)"))
    }

    /// Does the signature fail under the set? Asked only where both are whole, so that a cut token is not called forged.
    fn signature(&self, token: &Jwt, kid: &str) -> Option<Clue> {
        let unverified = Unverified::read(&token.text).ok().filter(|unverified| unverified.signature.len() >= 64)?;
        let keys = KeySet::read(self.text.as_bytes(), Algorithm::ALL).ok()?;
        let issuer = Issuer {
            name: String::new(),
            issuer: String::new(),
            audiences: Vec::new(),
            algorithms: Algorithm::ALL.to_vec(),
            leeway: 0,
            access_token_type: false,
            binding: countersign::TokenBinding::Optional,
            dpop_nonces: false,
            introspection: None,
        };
        match keys.verify(unverified, &Arc::new(issuer)) {
            Err(Stop::Refuse(refusal)) if refusal.cause == Cause::TokenSignatureWrong => {
                let because = "The token's signature was computed, and does not hold under the key of this set: the token was changed, or signed by another key under the same id.";
                Some(self.clue(Cause::TokenSignatureWrong, 96, because, kid))
            }
            _ => None,
        }
    }

    fn clue(&self, code: impl Into<crate::catalogue::Code>, weight: u8, because: &str, seen: &str) -> Clue {
        let quote = Quote { place: "key set".to_owned(), exchange: self.exchange, line: 0, text: mask::text(seen) };
        Clue::new(NAME, code, weight, because).quote(quote)
    }
}

fn text<'a>(key: &'a Value, member: &str) -> Option<&'a str> {
    key.get(member).and_then(Value::as_str)
}

/// A key by its public words alone.
fn describe(key: &Value) -> String {
    let members = ["kid", "kty", "use", "alg", "crv"].iter().filter_map(|member| Some(format!("{member}={}", text(key, member)?)));
    mask::text(&members.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::Document;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[track_caller]
    fn check(header: &str, set: &str, expect: &[(&str, u8)]) {
        let token = format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(r#"{"sub":"a"}"#), "A".repeat(86));
        let document = |kind, text: &str| Document { kind, text: text.to_owned(), name: "-".to_owned() };
        let documents = vec![document(DocumentKind::Jwt, &token), document(DocumentKind::KeySet, set)];
        let clues = see(&Dossier { documents, ..Dossier::default() });
        assert_eq!(clues.iter().map(|clue| (clue.code.code(), clue.weight)).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn keys_and_tokens() {
        // The public key of RFC 7515 appendix A.3.
        let point = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
        let header = r#"{"alg":"ES256","kid":"a"}"#;
        check(header, &format!(r#"{{"keys":[{{"kid":"a",{point}}}]}}"#), &[("token-signature-wrong", 96)]);
        check(header, &format!(r#"{{"keys":[{{"kid":"b",{point}}}]}}"#), &[("token-key-unknown", 90)]);
        check(header, r#"{"keys":[]}"#, &[("provider-misconfigured", 70), ("token-key-unknown", 90)]);
        check(header, r#"{"keys":[{"kid":"a","kty":"RSA"}]}"#, &[("token-algorithm-refused", 88)]);
        check(header, &format!(r#"{{"keys":[{{"kid":"a","use":"enc",{point}}}]}}"#), &[("token-algorithm-refused", 88)]);
        check(header, r#"{"keys":[{"kid":"a","kty":"EC","alg":"ES512"}]}"#, &[("token-algorithm-refused", 88)]);
        check(header, r#"{"keys":[{"kid":"a","kty":"EC","d":"x"}]}"#, &[("provider-misconfigured", 50)]);
    }
}
